//! An editor with one file, in which places are found by the text around them.

use std::path::Path;

use serde_json::{Value, json};

use crate::project::project;
use crate::server::Server;

const TEXT: &str = include_str!("../../editor/shop.rs");

const SCHEME: &str = "file://";

pub(crate) struct Editor {
    server: Server,
    file: String,
    version: u64,
}

impl Editor {
    /// Opens the file, a copy in a directory of that name, if there is a language server.
    pub(crate) fn open(directory: &str) -> Option<Self> {
        let mut server = Server::start()?;
        let directories = Path::new(env!("CARGO_TARGET_TMPDIR")).join("editor");
        let directory = directories.join(directory);
        std::fs::create_dir_all(&directory).expect("the directory can be made");
        let path = directory.join("shop.rs");
        std::fs::write(&path, TEXT).expect("the file can be written");
        let file = format!("{SCHEME}{}", path.display());
        let options = json!({
            "linkedProjects": [project(&path)],
            "checkOnSave": false,
            "cachePriming": { "enable": false },
        });
        let capabilities = json!({ "experimental": { "serverStatusNotification": true } });
        let parameters = json!({
            "processId": std::process::id(),
            "rootUri": format!("{SCHEME}{}", directory.display()),
            "capabilities": capabilities,
            "initializationOptions": options,
        });
        server.request("initialize", &parameters);
        server.notify("initialized", &json!({}));
        let document = json!({ "uri": file, "languageId": "rust", "version": 0, "text": TEXT });
        server.notify("textDocument/didOpen", &json!({ "textDocument": document }));
        server.wait_until_ready();
        Some(Self {
            server,
            file,
            version: 0,
        })
    }

    /// The lines of all definitions of the name behind the `^`.
    pub(crate) fn definitions(&mut self, marked: &str) -> Vec<String> {
        let (text, caret) = unmarked(marked);
        let position = self.position(TEXT, start(&text) + caret);
        let found = self.server.request("textDocument/definition", &position);
        let found = found.as_array().expect("a list of places");
        found.iter().map(line).collect()
    }

    /// The names that are offered at the `^` of what is typed in the place of what is written.
    pub(crate) fn completions(&mut self, written: &str, typed: &str) -> Vec<String> {
        let (typed, caret) = unmarked(typed);
        let start = start(written);
        let text = [&TEXT[..start], &typed, &TEXT[start + written.len()..]].concat();
        self.change(&text);
        let position = self.position(&text, start + caret);
        let offered = self.server.request("textDocument/completion", &position);
        self.change(TEXT);
        let items = offered["items"].as_array().expect("a list of names");
        items.iter().map(name).collect()
    }

    fn change(&mut self, text: &str) {
        self.version += 1;
        let document = json!({ "uri": self.file, "version": self.version });
        let changes = json!([{ "text": text }]);
        self.server.notify(
            "textDocument/didChange",
            &json!({ "textDocument": document, "contentChanges": changes }),
        );
    }

    /// The place of a byte of the text, which is ASCII.
    fn position(&self, text: &str, byte: usize) -> Value {
        let before = &text[..byte];
        let line = before.rsplit('\n').next().unwrap_or_default();
        json!({
            "textDocument": { "uri": self.file },
            "position": { "line": before.matches('\n').count(), "character": line.len() },
        })
    }
}

/// The text without its `^`, and the byte at which that was.
fn unmarked(marked: &str) -> (String, usize) {
    let (before, behind) = marked.split_once('^').expect("a place is marked");
    ([before, behind].concat(), before.len())
}

/// The first byte of a part that is in the file once.
fn start(part: &str) -> usize {
    assert_eq!(TEXT.matches(part).count(), 1, "{part:?} is there once");
    TEXT.find(part).expect("it is there")
}

/// The name that is offered, without what it would be called with.
fn name(offered: &Value) -> String {
    let label = offered["label"].as_str().unwrap_or_default();
    let end = label.find(|it: char| !it.is_alphanumeric() && it != '_');
    label[..end.unwrap_or(label.len())].to_owned()
}

/// The line of a place.
fn line(place: &Value) -> String {
    let file = place["uri"]
        .as_str()
        .and_then(|uri| uri.strip_prefix(SCHEME));
    let text = std::fs::read_to_string(file.expect("it is a file")).expect("it can be read");
    let number = place["range"]["start"]["line"]
        .as_u64()
        .expect("it has a line");
    let number = usize::try_from(number).expect("a small number");
    text.lines()
        .nth(number)
        .unwrap_or_default()
        .trim()
        .to_owned()
}

//! What a compiler says, sorted by the case that it says it of.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

/// A message, and all that is shown with it but the name of the file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Said {
    /// The error or lint, or the level where it has no name.
    pub(crate) code: String,
    /// The place of its first primary span in the case.
    pub(crate) place: String,
    pub(crate) level: String,
    /// The message, its labels, notes, and suggestions, each with its place.
    pub(crate) words: Vec<String>,
}

impl Said {
    pub(crate) fn is_error(&self) -> bool {
        self.level.starts_with("error")
    }
}

/// Stands for a case where a message is about none.
pub(crate) const HEAD: &str = "the head of the crate";

/// What was said of each case, by its name.
pub(crate) type Remarks = BTreeMap<String, Vec<Said>>;

/// The lines of a file that a case has: its name, and the number of the line before its first.
pub(crate) type Lines = BTreeMap<u64, String>;

/// Sorts the messages in the output of a compiler.
pub(crate) fn sorted(output: &str, file: &Path, lines: &Lines) -> Remarks {
    let mut remarks = Remarks::new();
    let messages = output
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok());
    for message in messages.filter(|message| !is_summary(message)) {
        let place = spans(&message)
            .find(|span| span["is_primary"] == true)
            .and_then(|span| line(span, file))
            .and_then(|line| lines.range(..line).next_back());
        let (before, case) = place.map_or((0, HEAD), |(before, case)| (*before, case));
        remarks
            .entry(case.to_owned())
            .or_default()
            .push(said(&message, file, before));
    }
    for said in remarks.values_mut() {
        said.sort();
    }
    remarks
}

fn is_summary(message: &Value) -> bool {
    let words = message["message"].as_str().unwrap_or_default();
    message["level"] == "failure-note"
        || words.starts_with("aborting due to")
        || words.ends_with("warnings emitted")
        || words.ends_with("warning emitted")
}

fn said(message: &Value, file: &Path, before: u64) -> Said {
    let level = text(&message["level"]);
    let code = message["code"]["code"]
        .as_str()
        .map_or_else(|| level.clone(), str::to_owned);
    let mut words = vec![text(&message["message"])];
    words.extend(spans(message).map(|span| spanned(span, file, before)));
    let children = message["children"].as_array().into_iter().flatten();
    for child in children.filter(|child| !is_about_the_message(child)) {
        words.push(format!(
            "{}: {}",
            text(&child["level"]),
            text(&child["message"])
        ));
        words.extend(spans(child).map(|span| spanned(span, file, before)));
    }
    let primary = spans(message).find(|span| span["is_primary"] == true);
    Said {
        code,
        place: primary.map_or_else(String::new, |span| place(span, file, before)),
        level,
        words,
    }
}

/// Says where a long type was written to, or why a lint is on, which is said at its first message only.
fn is_about_the_message(child: &Value) -> bool {
    const STARTS: [&str; 6] = [
        "`#[",
        "`-W ",
        "requested on the command line",
        "to override `-W",
        "the full name for the type has been written",
        "consider using `--verbose`",
    ];
    let words = child["message"].as_str().unwrap_or_default();
    STARTS.iter().any(|start| words.starts_with(start))
}

fn spanned(span: &Value, file: &Path, before: u64) -> String {
    let arrow = if span["is_primary"] == true {
        "-->"
    } else {
        "---"
    };
    let mut words = format!("{arrow} {}", place(span, file, before));
    if let Some(label) = span["label"].as_str() {
        words = format!("{words} {label}");
    }
    if let Some(instead) = span["suggested_replacement"].as_str() {
        words = format!("{words} instead: {instead:?}");
    }
    words
}

/// Lines count from the beginning of the case, or the file where it is another one.
fn place(span: &Value, file: &Path, before: u64) -> String {
    let number = |name: &str| span[name].as_u64().unwrap_or_default();
    let (first, last) = (number("line_start"), number("line_end"));
    let (start, end) = (number("column_start"), number("column_end"));
    if span["file_name"].as_str().map(Path::new) == Some(file) {
        let relative = |line: u64| line.saturating_sub(before);
        format!("{}:{start}-{}:{end}", relative(first), relative(last))
    } else {
        let name = text(&span["file_name"]);
        format!("{name}:{first}:{start}-{last}:{end}")
    }
}

/// The line of the file that a span is in, or that it was expanded from.
fn line(span: &Value, file: &Path) -> Option<u64> {
    if span["file_name"].as_str().map(Path::new) == Some(file) {
        return span["line_start"].as_u64();
    }
    let expansion = &span["expansion"]["span"];
    (!expansion.is_null()).then(|| line(expansion, file))?
}

fn spans(message: &Value) -> impl Iterator<Item = &Value> {
    message["spans"].as_array().into_iter().flatten()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

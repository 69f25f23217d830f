//! Messages of the compiler about many functions, each in a module of its own.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::compiler::{self, Libraries};

/// Lints that a user may want. Those that are off are about the grammar, or cannot be the same in both forms: what a function
/// returns is kept while COMMIT is awaited, and clippy looks for `todo!` where the body was.
const HEAD: &str = "\
#![warn(clippy::all, clippy::pedantic, clippy::nursery, unused, rust_2018_idioms)]
#![warn(elided_lifetimes_in_paths, single_use_lifetimes, unused_lifetimes, unused_qualifications, trivial_casts)]
#![warn(clippy::panic, clippy::unwrap_used, clippy::let_underscore_must_use)]
#![allow(clippy::future_not_send, clippy::unused_self)]
#![allow(dead_code, async_fn_in_trait, clippy::wildcard_imports, clippy::never_loop, clippy::missing_const_for_fn)]
#![allow(clippy::redundant_pub_crate, clippy::redundant_closure_call, clippy::unnecessary_literal_unwrap)]
#![allow(clippy::or_fun_call, clippy::useless_vec, clippy::eq_op, clippy::needless_arbitrary_self_type)]
";

/// A message about one module.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Said {
    pub(crate) code: String,
    pub(crate) message: String,
    /// The line of the module that it is about.
    pub(crate) line: usize,
}

/// Modules by their number.
pub(crate) type Modules = BTreeMap<u64, String>;
pub(crate) type Remarks = BTreeMap<u64, Vec<Said>>;

pub(crate) struct Compilers {
    pub(crate) libraries: Libraries,
    pub(crate) directory: PathBuf,
}

impl Compilers {
    /// The modules that do not compile. As some mistakes hide others, those that have one are taken away until none is
    /// found.
    pub(crate) fn failing(&self, name: &str, modules: &Modules) -> Remarks {
        let mut left = modules.clone();
        let mut failing = Remarks::new();
        loop {
            let found = self.said(compiler::rustc(), name, &left, &["error"]);
            if found.is_empty() {
                return failing;
            }
            left.retain(|number, _| !found.contains_key(number));
            failing.extend(found);
        }
    }

    /// The messages of lints about modules that compile.
    pub(crate) fn linted(&self, name: &str, modules: &Modules) -> Remarks {
        self.said(compiler::linter(), name, modules, &["warning", "error"])
    }

    /// The messages of a compiler about the modules, at some levels.
    pub(crate) fn said(
        &self,
        compiler: Command,
        name: &str,
        modules: &Modules,
        levels: &[&str],
    ) -> Remarks {
        let (text, lines) = crate_of(modules);
        let file = self.directory.join(format!("{name}.rs"));
        std::fs::write(&file, text).expect("the file can be written");
        let mut compiler = compiler::compile(compiler, &self.libraries);
        compiler.args(["--error-format=json", "--crate-name=generated"]);
        let metadata = file.with_extension("rmeta");
        compiler.arg(format!("--emit=metadata={}", metadata.display()));
        // The compiler writes types that are too long for a message into files there.
        compiler.arg("--out-dir").arg(&self.directory);
        let output = compiler
            .arg(&file)
            .output()
            .expect("the compiler can be run");
        let errors = compiler::text(&output.stderr);
        let said = errors
            .lines()
            .filter_map(|line| serde_json::from_str(line).ok());
        let remarks = sorted(said, levels, &file, &lines);
        assert!(
            output.status.success() || !remarks.is_empty(),
            "{name} failed:\n{errors}"
        );
        remarks
    }
}

/// The file, and the first line of each module.
fn crate_of(modules: &Modules) -> (String, BTreeMap<usize, u64>) {
    let mut text = format!(
        "{HEAD}#[allow(warnings, clippy::all, clippy::pedantic, clippy::nursery)]\nmod prelude {{\n{}}}\nuse prelude::*;\n",
        include_str!("../../generated/prelude.rs")
    );
    let mut lines = BTreeMap::new();
    let mut line = 1 + text.lines().count();
    for (number, module) in modules {
        lines.insert(line, *number);
        let module =
            format!("mod m{number} {{\n#[allow(unused_imports)] use super::*;\n{module}\n}}\n");
        line += module.lines().count();
        text.push_str(&module);
    }
    (text, lines)
}

fn sorted(
    said: impl Iterator<Item = Value>,
    levels: &[&str],
    file: &Path,
    lines: &BTreeMap<usize, u64>,
) -> Remarks {
    let mut remarks = Remarks::new();
    for message in said.filter(|message| levels.iter().any(|level| message["level"] == *level)) {
        let words = message["message"].as_str().unwrap_or_default();
        let primary = message["spans"].as_array().into_iter().flatten();
        let mut primary = primary.filter(|span| span["is_primary"] == true);
        let Some(line) = primary.find_map(|span| line(span, file)) else {
            let summary = words.starts_with("aborting due to")
                || words.contains("warnings emitted")
                || words.contains("warning emitted");
            assert!(summary, "nobody is to blame for {message}");
            continue;
        };
        let module = lines.range(..=line).next_back();
        let (first, number) =
            module.unwrap_or_else(|| panic!("no module is to blame for {message}"));
        remarks.entry(*number).or_default().push(Said {
            code: message["code"]["code"]
                .as_str()
                .unwrap_or_default()
                .to_owned(),
            message: words.to_owned(),
            line: line - first,
        });
    }
    remarks
}

/// The line of the file that a span is in, or that it was expanded from.
fn line(span: &Value, file: &Path) -> Option<usize> {
    let here = Path::new(span["file_name"].as_str()?) == file;
    let here = here.then(|| usize::try_from(span["line_start"].as_u64()?).ok());
    line(&span["expansion"]["span"], file).or(here.flatten())
}

//! The compiler, once with the macros and once with those that do nothing, over the same text.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::cases::{Case, root};
use crate::compiler::{self, Libraries};
use crate::said::{Lines, Remarks, sorted};

/// Whose macros a case is compiled with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Plain,
    Annotated,
}

/// Lints that are about the text as a whole, about crates beside it, or unstable.
const OFF: [&str; 4] = [
    "clippy::blanket_clippy_restriction_lints",
    "clippy::wildcard_imports",
    "unknown_lints",
    "unused_crate_dependencies",
];

pub(crate) struct Compilers {
    /// clippy or rustc, and how it is called.
    program: Vec<OsString>,
    libraries: Libraries,
    stub: PathBuf,
    pub(crate) directory: PathBuf,
    lints: Vec<String>,
}

impl Compilers {
    pub(crate) fn new() -> Self {
        let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("differential");
        std::fs::create_dir_all(&directory).expect("there is a directory for tests");
        let linter = compiler::linter();
        let program = [linter.get_program()].into_iter().chain(linter.get_args());
        let libraries = Libraries::build();
        Self {
            program: program.map(OsString::from).collect(),
            stub: stub(&libraries, &directory),
            libraries,
            directory,
            lints: lints(),
        }
    }

    /// What is said of cases that are one crate.
    pub(crate) fn said(&self, file: &Source, edition: &str, form: Form) -> Remarks {
        let path = &file.path;
        let mut compiler = self.compiler(form);
        compiler.args([
            "--crate-type=lib",
            "--crate-name=corpus",
            "--edition",
            edition,
        ]);
        compiler.args(["--cap-lints=warn", "--error-format=json", "--out-dir"]);
        let out = path.with_extension(format!("{form:?}"));
        std::fs::create_dir_all(&out).expect("there is a directory for tests");
        compiler.arg(&out).arg("--emit=metadata").arg(path);
        let output = compiler.output().expect("the compiler can be run");
        // The stub is said to be what it stands for.
        let errors = compiler::text(&output.stderr).replace("stub::", "commit_on_success::");
        let remarks = sorted(&errors, path, &file.lines);
        assert!(
            output.status.success() || !remarks.is_empty(),
            "{compiler:?} failed:\n{errors}"
        );
        remarks
    }

    fn compiler(&self, form: Form) -> Command {
        let (program, arguments) = self.program.split_first().expect("a program has a name");
        let mut compiler = Command::new(program);
        compiler.args(arguments).arg(self.libraries.search_path());
        compiler.arg(format!("-Ldependency={}", self.directory.display()));
        for (name, path) in self.libraries.paths() {
            let path = if form == Form::Plain && name == "commit_on_success" {
                &self.stub
            } else {
                path
            };
            compiler.arg(format!("--extern={name}={}", path.display()));
        }
        compiler.args(&self.lints);
        compiler
    }
}

/// Switches on all that rustc and clippy can say.
fn lints() -> Vec<String> {
    let help = compiler::text(&compiler::run(compiler::rustc().args(["-W", "help"])).stdout);
    let words = help.lines().map(|line| line.split_whitespace());
    let known = words.filter_map(|mut words| match (words.next(), words.next()) {
        (Some(lint), Some("allow")) => Some(format!("-W{lint}")),
        _ => None,
    });
    let known: Vec<_> = known.collect();
    assert!(known.len() > 20, "`rustc -W help` lists lints:\n{help}");
    let groups = ["pedantic", "nursery", "restriction"].map(|group| format!("-Wclippy::{group}"));
    let off = OFF.map(|lint| format!("-A{lint}"));
    known.into_iter().chain(groups).chain(off).collect()
}

/// A file with cases, each a module with all names of the prelude.
pub(crate) struct Source {
    path: PathBuf,
    lines: Lines,
}

impl Source {
    pub(crate) fn write(directory: &Path, edition: &str, cases: &[&Case]) -> Self {
        let first = cases.first().expect("a crate has a case");
        let prelude = root().join("prelude.rs").display().to_string();
        let mut text = format!("//! Cases.\n{ALLOW}\n#[path = {prelude:?}]\nmod prelude;\n");
        let mut lines = BTreeMap::new();
        for case in cases {
            text.extend(["pub mod ", &case.name, " { ", IMPORT, "\n"]);
            let before = u64::try_from(text.lines().count()).expect("a small number");
            lines.insert(before, case.name.clone());
            text.extend([case.text.as_str(), "}\n"]);
        }
        let path = directory.join(format!("{}-{edition}.rs", first.name));
        std::fs::write(&path, text).expect("the file can be written");
        Self { path, lines }
    }
}

/// The prelude is no case.
const ALLOW: &str =
    "#[allow(warnings, clippy::all, clippy::pedantic, clippy::nursery, clippy::restriction)]";
const IMPORT: &str = "#[allow(unused_imports)] use crate::prelude::*;";

/// The crate that has the macros which do nothing, and all else from `commit_on_success`.
fn stub(libraries: &Libraries, directory: &Path) -> PathBuf {
    let build = |file: &str, name: &str, kind: &str| {
        let mut rustc = compiler::rustc();
        rustc.args(["--edition=2024", "--crate-name", name, "--crate-type", kind]);
        rustc.arg("--out-dir").arg(directory);
        rustc.arg(root().join("stub").join(file));
        rustc
    };
    compiler::run(&mut build("macros.rs", "stub_macros", "proc-macro"));
    let (prefix, ending) = (std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX);
    let macros = directory.join(format!("{prefix}stub_macros{ending}"));
    let real = libraries
        .paths()
        .iter()
        .find(|(name, _)| name == "commit_on_success");
    let (_, real) = real.expect("cargo has built it");
    let mut lib = build("lib.rs", "stub", "lib");
    lib.arg(libraries.search_path());
    lib.arg(format!("--extern=real={}", real.display()));
    lib.arg(format!("--extern=stub_macros={}", macros.display()));
    compiler::run(&mut lib);
    directory.join("libstub.rlib")
}

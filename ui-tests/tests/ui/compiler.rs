//! The compiler that the cases are given to, beside the one that trybuild runs.

use std::ffi::OsString;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

/// The compiler whose words and whose spelling of expanded code the snapshots have.
const PINNED: &str = "rustc 1.95.";

/// Whether snapshots that depend on the compiler can be compared. If not, says so.
pub(crate) fn is_pinned(snapshots: &str) -> bool {
    let version = text(&run(rustc().arg("--version")).stdout);
    let pinned = version.starts_with(PINNED);
    if !pinned {
        let version = version.trim_end();
        say(&format!(
            "left out: {snapshots} (written with {PINNED}x, this is {version})"
        ));
    }
    pinned
}

/// Writes past the capture of a test's output, because a test that leaves something out looks like one that passed.
pub(crate) fn say(line: &str) {
    writeln!(std::io::stderr(), "{line}").expect("standard error is open");
}

/// A compiler that finds this package's library and `commit_on_success` without any driver. It reads paths relative to
/// this package.
pub(crate) fn compile(mut compiler: Command, libraries: &Libraries) -> Command {
    compiler.current_dir(env!("CARGO_MANIFEST_DIR"));
    compiler.args(["--edition=2024", "--crate-type=lib"]);
    compiler.arg(libraries.search_path());
    for (name, path) in libraries.paths() {
        compiler.arg(format!("--extern={name}={}", path.display()));
    }
    compiler
}

pub(crate) fn rustc() -> Command {
    Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()))
}

/// clippy, which belongs to one compiler; without it, that compiler, which has lints of its own.
pub(crate) fn linter() -> Command {
    let sysroot = sysroot();
    let clippy: PathBuf = sysroot
        .join("bin")
        .join(format!("clippy-driver{}", std::env::consts::EXE_SUFFIX));
    if clippy.is_file() {
        let mut clippy = Command::new(clippy);
        clippy.arg("--sysroot").arg(sysroot);
        return clippy;
    }
    say("left out: the lints of clippy (it is not installed)");
    rustc()
}

/// The directory that the compiler is installed in.
pub(crate) fn sysroot() -> PathBuf {
    let sysroot = text(&run(rustc().args(["--print", "sysroot"])).stdout);
    sysroot.trim_end().into()
}

/// The crates that cases may name, and where each was built.
pub(crate) struct Libraries(Vec<(String, PathBuf)>);

impl Libraries {
    /// Builds them, or finds that they are built.
    pub(crate) fn build() -> Self {
        Self(artifacts().iter().filter_map(library).collect())
    }

    /// Each crate by its name.
    pub(crate) fn paths(&self) -> &[(String, PathBuf)] {
        &self.0
    }

    pub(crate) fn search_path(&self) -> OsString {
        let (_, library) = self.0.first().expect("cargo names what it built");
        let mut argument = OsString::from("-Ldependency=");
        argument.push(library.parent().expect("a file is in a directory"));
        let deps = library.with_file_name("deps");
        if deps.is_dir() {
            argument.push("/deps");
        }
        argument
    }
}

/// What cargo says that it built for this package's library.
pub(crate) fn artifacts() -> Vec<Value> {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--lib", "--offline", "--message-format=json"]);
    cargo.current_dir(env!("CARGO_MANIFEST_DIR"));
    let output = text(&run(&mut cargo).stdout);
    let messages = output.lines();
    messages
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect()
}

/// The name and the path of a library in one of cargo's messages.
fn library(message: &Value) -> Option<(String, PathBuf)> {
    let name = message["target"]["name"].as_str()?;
    let files = message["filenames"].as_array()?;
    let paths = files.iter().filter_map(|file| file.as_str()).map(Path::new);
    let mut rlibs = paths.filter(|path| path.extension().is_some_and(|ending| ending == "rlib"));
    name.starts_with("commit_on_success")
        .then(|| Some((name.to_owned(), rlibs.next()?.to_owned())))?
}

/// Runs a command that succeeds.
pub(crate) fn run(command: &mut Command) -> Output {
    let output = command.output().expect("the command can be run");
    let errors = text(&output.stderr);
    assert!(output.status.success(), "{command:?} failed:\n{errors}");
    output
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

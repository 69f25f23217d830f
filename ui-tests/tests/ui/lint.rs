//! What the macros expand to is clean under lints that a user may have turned on.
//!
//! Each version of the compiler has lints of its own, about the code of the case too, so this is checked with one.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::compiler::{self, Libraries};

#[test]
fn every_form_is_clean_under_strict_lints() {
    if !compiler::is_pinned("ui-tests/lint") {
        return;
    }
    let libraries = Libraries::build();
    let sysroot =
        compiler::text(&compiler::run(compiler::rustc().args(["--print", "sysroot"])).stdout);
    let linter = linter(Path::new(sysroot.trim_end()));
    let metadata = Path::new(env!("CARGO_TARGET_TMPDIR")).join("lint.rmeta");
    let mut linter = compiler::compile(linter, &libraries);
    linter.arg(format!("--emit=metadata={}", metadata.display()));
    compiler::run(linter.arg("lint/forms.rs"));
}

/// clippy, which belongs to one compiler; without it, that compiler, which has lints of its own.
fn linter(sysroot: &Path) -> Command {
    let clippy: PathBuf = sysroot
        .join("bin")
        .join(format!("clippy-driver{}", std::env::consts::EXE_SUFFIX));
    if clippy.is_file() {
        let mut clippy = Command::new(clippy);
        clippy.arg("--sysroot").arg(sysroot);
        return clippy;
    }
    compiler::say("left out: the lints of clippy (it is not installed)");
    compiler::rustc()
}

//! Programs for callgrind, as tests need them.

use std::ffi::OsStr;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::callgrind;

/// The program of a package that counts instructions: optimized, and without the features that tests beside it have enabled.
/// Nothing where there is no callgrind, which is said on standard error.
///
/// # Panics
///
/// When it cannot be built; without callgrind where `CI=true`: there, nothing may be left out.
#[must_use]
pub fn instructions(package: &str, directory: &Path) -> Option<PathBuf> {
    if callgrind::is_there() {
        return Some(build(package, &directory.join("instructions")));
    }
    assert!(
        std::env::var_os("CI").as_deref() != Some(OsStr::new("true")),
        "there is no valgrind, and CI leaves nothing out"
    );
    // `eprintln!` would be captured by the test harness.
    let line =
        format!("left out: instructions of {package} (there is no valgrind; run bash tests/run)\n");
    let _ = std::io::stderr().write_all(line.as_bytes());
    None
}

fn build(package: &str, directory: &Path) -> PathBuf {
    let program = format!("{package}_instructions");
    let built = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["build", "--quiet", "--release", "--locked"])
        .args(["--package", package, "--bin", &program])
        .arg("--target-dir")
        .arg(directory)
        .env_remove("CARGO_BUILD_TARGET")
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .env_remove("RUSTFLAGS")
        .status();
    let is_built = built.is_ok_and(|status| status.success());
    assert!(is_built, "`{program}` cannot be built");
    directory.join("release").join(program)
}

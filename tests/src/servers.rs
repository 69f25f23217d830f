//! Where the database servers are: in the environment, set by `bash tests/run`. Tests that need one are ignored by a plain `cargo test`.

use std::ffi::OsStr;
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Once;

pub(crate) const POSTGRES: &str = "COMMIT_ON_SUCCESS_POSTGRES_URL";
pub(crate) const MYSQL: &str = "COMMIT_ON_SUCCESS_MYSQL_URL";

/// The URL of the PostgreSQL server.
///
/// # Panics
///
/// Without one.
#[must_use]
pub fn postgres() -> String {
    needed(POSTGRES)
}

/// The URL of the MySQL or MariaDB server.
///
/// # Panics
///
/// Without one.
#[must_use]
pub fn mysql() -> String {
    needed(MYSQL)
}

fn needed(variable: &str) -> String {
    known(variable).unwrap_or_else(|| panic!("{variable} is not set: bash tests/run has a server"))
}

/// The URL of a server, if there is one.
pub(crate) fn known(variable: &str) -> Option<String> {
    std::env::var(variable).ok().filter(|url| !url.is_empty())
}

/// Says that tests are left out, and why.
///
/// # Panics
///
/// Where `CI=true`.
pub(crate) fn leave_out(why: &str, said: &Once) {
    let is_ci = std::env::var_os("CI").as_deref() == Some(OsStr::new("true"));
    assert!(!is_ci, "{why}, and CI leaves nothing out");
    said.call_once(|| {
        let suite = suite();
        let line = format!("left out: {suite} ({why}; run bash tests/run)\n");
        // Not by `eprintln!`, which the test harness captures.
        let _ = std::io::stderr().write_all(line.as_bytes());
    });
}

/// The name of the running test program, without the hash that cargo puts behind it.
fn suite() -> String {
    let program: PathBuf = std::env::current_exe().unwrap_or_default();
    let stem = program.file_stem().unwrap_or_default().to_string_lossy();
    let name = stem.rsplit_once('-').map_or(&*stem, |(name, _)| name);
    name.to_owned()
}

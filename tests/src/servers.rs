//! Where the database servers are: in the environment, set by `bash tests/run`.

use std::ffi::OsStr;
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Once;

/// The URL of the PostgreSQL server.
///
/// Without one the tests that need it are left out, which is said on standard error once.
///
/// # Panics
///
/// Without a URL where `CI=true`: there, nothing may be left out.
#[must_use]
pub fn postgres() -> Option<String> {
    static SAID: Once = Once::new();
    url("COMMIT_ON_SUCCESS_POSTGRES_URL", &SAID)
}

/// The URL of the MySQL or MariaDB server.
///
/// Without one the tests that need it are left out, which is said on standard error once.
///
/// # Panics
///
/// Without a URL where `CI=true`: there, nothing may be left out.
#[must_use]
pub fn mysql() -> Option<String> {
    static SAID: Once = Once::new();
    url("COMMIT_ON_SUCCESS_MYSQL_URL", &SAID)
}

fn url(variable: &str, said: &Once) -> Option<String> {
    let url = std::env::var(variable).ok().filter(|url| !url.is_empty());
    if url.is_none() {
        leave_out(&format!("{variable} is not set"), said);
    }
    url
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

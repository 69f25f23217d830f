//! Attributes and comments beside the attribute stay there.
#![deny(warnings)]
#![deny(missing_docs)]

use commit_on_success::commit_on_success;
use commit_on_success_ui_tests::{Connection, DbError};

/// Documented above.
#[inline]
#[commit_on_success]
#[must_use = "look at it"]
#[cfg_attr(all(), doc = "And below.")]
pub(crate) fn rename(conn: &mut Connection) -> Result<usize, DbError> {
    #![allow(clippy::needless_return)]
    return conn.execute("UPDATE");
}

#[cfg(any())]
#[commit_on_success]
fn absent(conn: &mut Missing) -> Result<(), Missing> {}

#[deprecated(note = "use `rename`")]
#[commit_on_success]
fn old(conn: &mut Connection) -> Result<usize, DbError> {
    conn.execute("UPDATE")
}

#[test]
#[commit_on_success(tx = &mut Connection::default())]
fn is_a_test() -> Result<(), DbError> {
    tx.execute("UPDATE")?;
    Ok(())
}

fn main() {
    let mut conn = Connection::default();
    rename(&mut conn).unwrap();
    #[expect(deprecated)]
    old(&mut conn).unwrap();
}

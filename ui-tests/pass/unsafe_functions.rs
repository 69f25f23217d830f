//! An `unsafe fn` stays one.
#![deny(warnings)]

use commit_on_success::commit_on_success;
use commit_on_success_ui_tests::{AsyncConnection, Connection, DbError, block_on};

/// # Safety
///
/// `id` is valid for reads.
#[commit_on_success]
unsafe fn rename(conn: &mut Connection, id: *const i64) -> Result<usize, DbError> {
    let id = unsafe { *id };
    conn.execute(&format!("UPDATE {id}"))
}

/// # Safety
///
/// `id` is valid for reads.
#[commit_on_success]
async unsafe fn rename_async(conn: &mut AsyncConnection, id: *const i64) -> Result<usize, DbError> {
    let id = unsafe { *id };
    conn.execute(&format!("UPDATE {id}")).await
}

fn main() {
    let mut conn = Connection::default();
    unsafe { rename(&mut conn, &7) }.unwrap();
    assert_eq!(conn.log().text(), "BEGIN; UPDATE 7; COMMIT");
    let mut conn = AsyncConnection::default();
    block_on(unsafe { rename_async(&mut conn, &7) }).unwrap();
}

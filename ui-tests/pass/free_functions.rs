//! Sync and async, nested, recursive, inside each other.
#![deny(warnings)]

use commit_on_success::commit_on_success;
use commit_on_success_ui_tests::{AsyncConnection, Connection, DbError, block_on};

#[commit_on_success]
fn rename(conn: &mut Connection, id: i64) -> Result<usize, DbError> {
    #[commit_on_success]
    fn audit(conn: &mut Connection) -> Result<usize, DbError> {
        conn.execute("AUDIT")
    }
    audit(conn)?;
    conn.execute(&format!("UPDATE {id}"))
}

#[commit_on_success]
async fn rename_async(conn: &mut AsyncConnection, id: i64) -> Result<usize, DbError> {
    conn.execute(&format!("UPDATE {id}")).await
}

#[commit_on_success]
fn count_down(conn: &mut Connection, depth: u32) -> Result<u32, DbError> {
    if depth > 0 {
        return count_down(conn, depth - 1);
    }
    conn.execute("FAIL")?;
    Ok(depth)
}

fn main() {
    let mut conn = Connection::default();
    rename(&mut conn, 7).unwrap();
    assert_eq!(
        conn.log().text(),
        "BEGIN; SAVEPOINT; AUDIT; RELEASE; UPDATE 7; COMMIT"
    );

    let mut conn = AsyncConnection::default();
    block_on(rename_async(&mut conn, 7)).unwrap();
    assert_eq!(conn.log().text(), "BEGIN; UPDATE 7; COMMIT");

    let mut conn = Connection::default();
    count_down(&mut conn, 1).unwrap_err();
    assert_eq!(
        conn.log().text(),
        "BEGIN; SAVEPOINT; FAIL; ROLLBACK TO; ROLLBACK"
    );
}

//! A parameter that is not there in this build, and one that is.
#![deny(warnings)]

use commit_on_success::commit_on_success;
use commit_on_success_ui_tests::{AsyncPool, Connection, DbError, block_on};

#[commit_on_success(conn)]
fn rename(
    #[cfg(any())] missing: Missing,
    #[cfg(not(any()))] conn: &mut Connection,
    #[allow(unused_variables)] id: i64,
) -> Result<usize, DbError> {
    conn.execute("UPDATE")
}

#[commit_on_success(tx = &pool)]
async fn rename_async(
    pool: AsyncPool,
    #[cfg(any())] missing: Missing,
    #[cfg(not(any()))] title: String,
) -> Result<usize, DbError> {
    tx.execute(&title).await
}

fn main() {
    rename(&mut Connection::default(), 7).unwrap();
    block_on(rename_async(AsyncPool::default(), String::from("UPDATE"))).unwrap();
}

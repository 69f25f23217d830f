//! The crate under another name, which every macro has to be told.
#![deny(warnings)]

mod renamed {
    pub use ::commit_on_success as transactions;
}

mod commit_on_success {}

use commit_on_success_ui_tests::{AsyncPool, Connection, DbError, block_on};
use renamed::transactions::{defer, transaction, try_defer};

#[renamed::transactions::commit_on_success(conn, crate = crate::renamed::transactions)]
fn rename(conn: &mut Connection) -> Result<usize, DbError> {
    defer!(crate = renamed::transactions => index(1));
    try_defer!(crate = renamed::transactions => index(2)).unwrap();
    conn.execute("UPDATE")
}

#[renamed::transactions::commit_on_success(tx = pool, crate = renamed::transactions)]
async fn rename_async(pool: &AsyncPool) -> Result<usize, DbError> {
    tx.execute("UPDATE").await
}

#[renamed::transactions::commit_on_success(crate = renamed::transactions)]
fn bare(conn: &mut Connection) -> Result<usize, DbError> {
    let renamed = transaction!(tx = conn, crate = renamed::transactions => {
        tx.execute("UPDATE")
    });
    renamed
}

fn index(_id: i64) {}

fn main() {
    rename(&mut Connection::default()).unwrap();
    bare(&mut Connection::default()).unwrap();
    block_on(rename_async(&AsyncPool::default())).unwrap();
}

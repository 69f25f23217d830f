//! Every option, alone and together.
#![deny(warnings)]

use std::time::Duration;

use commit_on_success::{Backoff, commit_on_success, transaction};
use commit_on_success_ui_tests::{AsyncPool, Connection, DbError};

#[commit_on_success(propagation = required)]
fn joins(conn: &mut Connection) -> Result<usize, DbError> {
    conn.execute("UPDATE")
}

#[commit_on_success(conn, propagation = durable, attempts = 3, backoff = Duration::ZERO)]
fn again(conn: &mut Connection, title: String) -> Result<usize, DbError> {
    conn.execute(&title)
}

#[commit_on_success(no_rollback_for = |_: &DbError| true)]
fn commits(conn: &mut Connection) -> Result<usize, DbError> {
    conn.execute("UPDATE")
}

#[commit_on_success(tx = pool, isolation = serializable, read_only, deferrable, attempts = 2, backoff = Backoff::default())]
async fn report(pool: &AsyncPool, title: String) -> Result<usize, DbError> {
    tx.execute(&title).await
}

#[commit_on_success(tx = pool, settle)]
async fn settled(pool: &AsyncPool) -> Result<usize, DbError> {
    tx.execute("UPDATE").await
}

// A parameter of that name is the source.
#[commit_on_success(read_only)]
fn named(read_only: &mut Connection) -> Result<usize, DbError> {
    read_only.execute("UPDATE")
}

fn main() {
    let _ = (joins, again, commits, report, settled, named);
    let mut conn = Connection::default();
    let changed: Result<usize, DbError> = transaction!(tx = &mut conn, mode = immediate, attempts = 2 => {
        tx.execute("UPDATE")
    });
    let _ = changed;
    let _ = async {
        let changed: Result<usize, DbError> = transaction!(async tx = &AsyncPool::default(), settle => {
            tx.execute("UPDATE").await
        });
        changed
    };
}

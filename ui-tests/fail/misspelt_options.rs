use std::time::Duration;

use commit_on_success::{commit_on_success, transaction};
use commit_on_success_ui_tests::{Connection, DbError};

#[commit_on_success(attemps = 3)]
fn attempts(conn: &mut Connection) -> Result<usize, DbError> {
    conn.execute("UPDATE")
}

#[commit_on_success(isolaton = serializable)]
fn isolation(conn: &mut Connection) -> Result<usize, DbError> {
    conn.execute("UPDATE")
}

#[commit_on_success(readonly)]
fn read_only(conn: &mut Connection) -> Result<usize, DbError> {
    conn.execute("UPDATE")
}

#[commit_on_success(tx = conn, readonly)]
fn read_only_beside_a_source(conn: &mut Connection) -> Result<usize, DbError> {
    tx.execute("UPDATE")
}

#[commit_on_success(backof = Duration::from_millis(3), attempts = 3)]
fn backoff(conn: &mut Connection) -> Result<usize, DbError> {
    conn.execute("UPDATE")
}

fn block(conn: &mut Connection) -> Result<usize, DbError> {
    transaction!(readonly => { conn.execute("UPDATE") })
}

fn main() {}

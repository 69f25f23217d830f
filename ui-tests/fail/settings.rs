use commit_on_success::{commit_on_success, transaction};
use commit_on_success_ui_tests::{Connection, DbError};

#[commit_on_success(tx = conn, set)]
fn without_list(conn: &mut Connection) -> Result<usize, DbError> {
    tx.execute("UPDATE")
}

#[commit_on_success(set(app.tenant = 7))]
fn dots_without_quotes(conn: &mut Connection) -> Result<usize, DbError> {
    conn.execute("UPDATE")
}

#[commit_on_success(set("app tenant" = 7))]
fn no_name(conn: &mut Connection) -> Result<usize, DbError> {
    conn.execute("UPDATE")
}

#[commit_on_success(set("" = 7))]
fn empty_name(conn: &mut Connection) -> Result<usize, DbError> {
    conn.execute("UPDATE")
}

#[commit_on_success(set(lock_timeout))]
fn without_value(conn: &mut Connection) -> Result<usize, DbError> {
    conn.execute("UPDATE")
}

#[commit_on_success(set("lock_timeout" = "1s", LOCK_TIMEOUT = "2s"))]
fn one_name_twice(conn: &mut Connection) -> Result<usize, DbError> {
    conn.execute("UPDATE")
}

#[commit_on_success(set(a = 1), set(b = 2))]
fn two_lists(conn: &mut Connection) -> Result<usize, DbError> {
    conn.execute("UPDATE")
}

#[commit_on_success(set(a = 1), pragma(b = 2))]
fn both(conn: &mut Connection) -> Result<usize, DbError> {
    conn.execute("UPDATE")
}

#[commit_on_success(propagation = mandatory, set(a = 1))]
fn never_begins(conn: &mut Connection) -> Result<usize, DbError> {
    conn.execute("UPDATE")
}

fn block(conn: &mut Connection) -> Result<usize, DbError> {
    transaction!(tx = conn, pragma() => { tx.execute("UPDATE") })
}

fn main() {}

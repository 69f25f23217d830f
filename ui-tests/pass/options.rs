//! Every option, alone and together.
#![deny(warnings)]

use std::time::Duration;

use commit_on_success::{AsyncBegin, Backoff, commit_on_success, transaction};
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

struct Tenant {
    id: i64,
}

// What a value is made of stays with the body.
#[commit_on_success(tx = pool, set("app.tenant" = tenant.id, lock_timeout = timeout), attempts = 2)]
async fn of_tenant(pool: &AsyncPool, tenant: &Tenant, timeout: String) -> Result<usize, DbError> {
    let _ = tenant.id;
    drop(timeout);
    tx.execute("UPDATE").await
}

// A parameter may be there for a setting alone.
#[commit_on_success(tx = source, set("app.tenant" = tenant, title = title))]
async fn of_anybody<S: AsyncBegin<D>, D>(source: S, tenant: i64, title: String) -> Result<(), commit_on_success::Error> {
    let _ = tx;
    Ok(())
}

#[commit_on_success(set("app.tenant" = title), attempts = 3)]
fn again_for_one(conn: &mut Connection, title: String) -> Result<usize, DbError> {
    conn.execute("UPDATE")
}

#[commit_on_success(pragma("foreign_keys" = false, cache_size = -2_000))]
fn rebuild(conn: &mut Connection) -> Result<usize, DbError> {
    conn.execute("UPDATE")
}

// A parameter of that name is the source.
#[commit_on_success(set)]
fn a_set(set: &mut Connection) -> Result<usize, DbError> {
    set.execute("UPDATE")
}

// A parameter of that name is the source.
#[commit_on_success(read_only)]
fn named(read_only: &mut Connection) -> Result<usize, DbError> {
    read_only.execute("UPDATE")
}

fn main() {
    let _ = (joins, again, commits, report, settled, named, of_tenant, rebuild, a_set, again_for_one);
    drop(of_anybody(&AsyncPool::default(), 7, String::new()));
    let mut conn = Connection::default();
    let changed: Result<usize, DbError> = transaction!(tx = &mut conn, mode = immediate, attempts = 2 => {
        tx.execute("UPDATE")
    });
    let _ = changed;
    let tenant = Tenant { id: 7 };
    let changed: Result<usize, DbError> = transaction!(tx = &mut conn, set("app.tenant" = &tenant.id) => {
        tx.execute("UPDATE")
    });
    let _ = (changed, tenant);
    let _ = async {
        let changed: Result<usize, DbError> = transaction!(async tx = &AsyncPool::default(), settle => {
            tx.execute("UPDATE").await
        });
        changed
    };
}

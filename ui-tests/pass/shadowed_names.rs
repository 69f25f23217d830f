//! Nothing in scope can get in the way.
#![deny(warnings)]
#![allow(dead_code, non_snake_case, unused_macros)]

mod core {}
mod std {}
mod commit_on_success_ui {}

enum Result {}
enum Option {}
enum Box {}
enum Send {}
enum Future {}
enum From {}
enum Into {}
enum Site {}
enum Options {}
fn Ok() {}
fn Err() {}
fn Some() {}
fn None() {}
fn begin() {}
fn drop() {}

macro_rules! module_path {
    () => {
        compile_error!("not this one")
    };
}
macro_rules! file {
    () => {
        compile_error!("not this one")
    };
}
macro_rules! line {
    () => {
        compile_error!("not this one")
    };
}
macro_rules! column {
    () => {
        compile_error!("not this one")
    };
}

trait Reborrow: Sized {
    fn run(&self) {}
    fn commit(&self) {}
    fn rollback(&self) {}
    fn succeeded(&self) {}
}
impl<T> Reborrow for T {}

type Done = ::std::result::Result<i64, ::commit_on_success_ui_tests::DbError>;

struct Objects<'c> {
    conn: &'c mut ::commit_on_success_ui_tests::Connection,
}

impl Objects<'_> {
    #[::commit_on_success::commit_on_success(tx = self.conn)]
    fn rename(&mut self, __scope: i64, __result: i64, __running: i64, __value: i64) -> Done {
        tx.execute("UPDATE")?;
        ::commit_on_success::defer!(index(__scope, __result));
        ::std::result::Result::Ok(__scope + __result + __running + __value)
    }
}

#[::commit_on_success::commit_on_success]
async fn rename(conn: &mut ::commit_on_success_ui_tests::AsyncConnection, __arg0: i64) -> Done {
    conn.execute("UPDATE").await?;
    let (__callee, __receiver) = (1, 2);
    ::commit_on_success::defer!(index_async(__callee, __receiver).await);
    ::std::result::Result::Ok(__arg0)
}

fn index(_: i64, _: i64) {}

async fn index_async(_: i64, _: i64) {}

fn main() {
    let mut conn = ::commit_on_success_ui_tests::Connection::default();
    let done = Objects { conn: &mut conn }.rename(1, 2, 3, 4);
    assert_eq!(done.unwrap(), 10);
    let mut conn = ::commit_on_success_ui_tests::AsyncConnection::default();
    let done = ::commit_on_success_ui_tests::block_on(rename(&mut conn, 7));
    assert_eq!(done.unwrap(), 7);
    let done = ::commit_on_success_ui_tests::block_on(async {
        let done: Done = ::commit_on_success::transaction!(conn = &mut conn => {
            conn.execute("UPDATE").await?;
            ::std::result::Result::Ok(1)
        });
        done
    });
    assert_eq!(done.unwrap(), 1);
}

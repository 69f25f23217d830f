//! The forms of `before_commit!`, sync and async, with the options that it has.
#![deny(warnings)]

use std::sync::atomic::{AtomicUsize, Ordering};

use commit_on_success::{before_commit, commit_on_success};
use commit_on_success_ui_tests::{AsyncConnection, Connection, DbError, block_on};

static RAN: AtomicUsize = AtomicUsize::new(0);

#[derive(Clone)]
struct Work(usize);

impl Work {
    fn flush(&mut self) -> Result<(), DbError> {
        RAN.fetch_add(self.0, Ordering::Relaxed);
        Ok(())
    }

    async fn flush_later(mut self) -> Result<(), DbError> {
        self.flush()
    }
}

fn check() {}

#[commit_on_success]
fn place(conn: &mut Connection, work: Work) -> Result<usize, DbError> {
    before_commit!(work.clone().flush());
    before_commit!(check);
    before_commit!(clone(work) => {
        let mut work = work;
        work.flush().ok();
    });
    before_commit!(crate = commit_on_success => check());
    before_commit!(move || drop(work));
    before_commit! { check(); }
    conn.execute("INSERT")
}

#[commit_on_success]
async fn place_later(conn: &mut AsyncConnection, work: Work) -> Result<usize, DbError> {
    before_commit!(work.clone().flush_later().await);
    before_commit!(clone(work) => work.flush_later().await);
    before_commit!(async move { work.flush_later().await });
    before_commit!(check());
    conn.execute("INSERT").await
}

fn main() {
    place(&mut Connection::default(), Work(1)).unwrap();
    assert_eq!(RAN.load(Ordering::Relaxed), 2);
    block_on(place_later(&mut AsyncConnection::default(), Work(10))).unwrap();
    assert_eq!(RAN.load(Ordering::Relaxed), 32);
}

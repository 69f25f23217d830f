//! Pragmas of SQLite for the time of one transaction, through each of its drivers.
#![allow(missing_docs, reason = "a test program")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a failed test says where"
)]

#[path = "settings_pragma/drivers.rs"]
mod drivers;

use std::path::PathBuf;

use commit_on_success::{Error, ErrorKind, Outcome};
use commit_on_success_tests::polling::drop_at_pending;
use drivers::{Act, End, Inner, Subject};
use rusqlite::Connection;
use tempfile::TempDir;

/// A file with a table that refers to itself, and what transactions have noted in it.
struct Stage {
    _directory: TempDir,
    path: PathBuf,
    conn: Connection,
}

impl Stage {
    fn open() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("pragma.db");
        let conn = Connection::open(&path).unwrap();
        conn.execute_batch(
            "PRAGMA journal_mode = wal;
             CREATE TABLE seen (what TEXT, value INTEGER);
             CREATE TABLE node (id INTEGER PRIMARY KEY, parent INTEGER REFERENCES node)",
        )
        .unwrap();
        Self {
            _directory: directory,
            path,
            conn,
        }
    }

    /// Takes away what was noted.
    fn take(&self, what: &str) -> Vec<i64> {
        let sql = "DELETE FROM seen WHERE what = ?1 RETURNING value";
        let mut statement = self.conn.prepare(sql).unwrap();
        let taken = statement.query_map([what], |row| row.get(0)).unwrap();
        taken.collect::<Result<_, _>>().unwrap()
    }

    fn orphans(&self) -> i64 {
        let sql = "SELECT count(*) FROM node WHERE parent IS NOT NULL";
        self.conn.query_row(sql, [], |row| row.get(0)).unwrap()
    }

    async fn subject<S: Subject>(&self, enforced: i64) -> S {
        let subject = S::open(self.path.to_str().unwrap()).await;
        let sql = format!("PRAGMA busy_timeout = 0; PRAGMA foreign_keys = {enforced}");
        subject.run(Act::Plain(sql)).await.unwrap();
        subject
    }
}

#[track_caller]
fn refusal(ran: anyhow::Result<()>) -> Error {
    ran.unwrap_err().downcast().unwrap()
}

async fn assert_enforced<S: Subject>(subject: &S, stage: &Stage, enforced: i64, when: &str) {
    subject.run(Act::Look).await.unwrap();
    assert_eq!(stage.take("left"), [enforced], "{when}");
}

macro_rules! on_each_driver {
    ($($test:ident),* $(,)?) => {
        on_each_driver! { @
            [rusqlite_connection rusqlite_pool rusqlite_guard sqlx_pool sqlx_connection diesel_connection diesel_pool
             diesel_async_connection diesel_async_pool sea_orm_pool]
            [$($test)*]
        }
    };
    (@ [$($driver:ident)*] $tests:tt) => {
        $(on_each_driver! { @@ $driver $tests })*
    };
    (@@ $driver:ident [$($test:ident)*]) => {
        mod $driver {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $test() {
                    crate::$test::<crate::drivers::$driver::Driver>().await;
                }
            )*
        }
    };
}

on_each_driver!(
    a_pragma_is_in_force_inside_and_has_its_old_value_after_any_end,
    it_has_its_old_value_after_a_drop_at_each_poll,
    it_has_its_old_value_after_a_begin_that_fails,
    inside_of_a_block_it_is_refused,
    a_name_that_sqlite_does_not_know_is_refused,
    a_nul_is_refused,
    set_is_refused,
    what_the_last_user_has_left_open_does_not_hide_it,
);

async fn a_pragma_is_in_force_inside_and_has_its_old_value_after_any_end<S: Subject>() {
    for enforced in [0, 1] {
        let stage = Stage::open();
        let subject = stage.subject::<S>(enforced).await;
        for end in [End::Ok, End::Err, End::TakesBack, End::Panics] {
            // A pool of diesel has another connection for the next user then, where they are enforced.
            if end == End::Panics && enforced == 0 {
                continue;
            }
            let when = format!("{enforced} {end:?}");
            let ran = subject.run(Act::Set(enforced == 0, end)).await;
            assert_eq!(
                ran.is_ok(),
                matches!(end, End::Ok | End::TakesBack),
                "{ran:?}"
            );
            let stored = if end == End::Ok {
                vec![1 - enforced]
            } else {
                vec![]
            };
            assert_eq!(stage.take("inside"), stored, "{when}");
            assert_enforced(&subject, &stage, enforced, &when).await;
        }
        // What is referred to is not there.
        let orphan = subject.run(Act::Orphan(enforced == 0)).await;
        assert_eq!(orphan.is_ok(), enforced == 1, "{orphan:?}");
        assert_eq!(stage.orphans(), enforced);
    }
}

async fn it_has_its_old_value_after_a_drop_at_each_poll<S: Subject>() {
    if !S::DROPS {
        return;
    }
    let stage = Stage::open();
    let subject = stage.subject::<S>(1).await;
    // How often there is something to wait for is a matter of luck, so it is tried until it was often enough.
    let mut dropped = 0;
    for end in [End::Ok, End::Err].repeat(100) {
        if dropped > 20 {
            break;
        }
        let mut pendings = 0;
        loop {
            let ran = drop_at_pending(subject.run(Act::Set(false, end)), pendings).await;
            assert_enforced(&subject, &stage, 1, &format!("{end:?} {pendings}")).await;
            if let Some(ran) = ran {
                assert_eq!(ran.is_ok(), end == End::Ok, "{ran:?}");
                break;
            }
            pendings += 1;
        }
        dropped += pendings;
    }
    assert!(dropped > 20, "there is more to wait for: {dropped}");
}

async fn it_has_its_old_value_after_a_begin_that_fails<S: Subject>() {
    let stage = Stage::open();
    let subject = stage.subject::<S>(1).await;
    stage.conn.execute_batch("BEGIN IMMEDIATE").unwrap();
    let error = refusal(subject.run(Act::Immediate).await);
    assert_eq!(error.kind(), ErrorKind::Begin, "{error:?}");
    stage.conn.execute_batch("ROLLBACK").unwrap();
    assert_enforced(&subject, &stage, 1, "after a begin that has failed").await;
    subject.run(Act::Immediate).await.unwrap();
    assert_eq!(stage.take("inside"), [0]);
    assert_enforced(&subject, &stage, 1, "after one that has not").await;
}

async fn inside_of_a_block_it_is_refused<S: Subject>() {
    let stage = Stage::open();
    let subject = stage.subject::<S>(1).await;
    for inner in [Inner::Nested, Inner::Joined] {
        let error = refusal(subject.run(Act::Inside(inner)).await);
        assert_eq!(error.kind(), ErrorKind::NestedOption, "{error:?}");
        assert_eq!(error.outcome(), Outcome::RolledBack);
        assert!(error.to_string().contains("`pragma`"), "{error}");
        assert_eq!(stage.take("outer"), [1], "{inner:?}");
        assert_enforced(&subject, &stage, 1, "after a refusal").await;
    }
}

async fn a_name_that_sqlite_does_not_know_is_refused<S: Subject>() {
    let stage = Stage::open();
    let subject = stage.subject::<S>(1).await;
    let error = refusal(subject.run(Act::Unknown).await);
    assert_eq!(error.kind(), ErrorKind::Begin, "{error:?}");
    let source = std::error::Error::source(&error).unwrap().to_string();
    assert!(source.contains("foreign_key"), "{source}");
    assert_enforced(&subject, &stage, 1, "after a refusal").await;
}

async fn a_nul_is_refused<S: Subject>() {
    let stage = Stage::open();
    let subject = stage.subject::<S>(1).await;
    let error = refusal(subject.run(Act::Nul).await);
    assert_eq!(error.kind(), ErrorKind::Begin, "{error:?}");
    assert_enforced(&subject, &stage, 1, "after a refusal").await;
}

async fn set_is_refused<S: Subject>() {
    let stage = Stage::open();
    let subject = stage.subject::<S>(1).await;
    let error = refusal(subject.run(Act::OfPostgreSql).await);
    assert_eq!(error.kind(), ErrorKind::Unsupported, "{error:?}");
    assert!(error.to_string().contains("`set`"), "{error}");
    assert!(error.to_string().contains("SQLite"), "{error}");
}

/// SQLite would ignore it there.
async fn what_the_last_user_has_left_open_does_not_hide_it<S: Subject>() {
    let stage = Stage::open();
    let subject = stage.subject::<S>(1).await;
    subject.run(Act::Plain("BEGIN".to_owned())).await.unwrap();
    let ran = subject.run(Act::Set(false, End::Ok)).await;
    if let Err(error) = ran {
        // Somebody who has lent the connection may still want it.
        let error: Error = error.downcast().unwrap();
        let kinds = [ErrorKind::Begin, ErrorKind::NestedOption];
        assert!(kinds.contains(&error.kind()), "{error:?}");
        assert_eq!(stage.take("inside"), [0; 0]);
        subject
            .run(Act::Plain("ROLLBACK".to_owned()))
            .await
            .unwrap();
        subject.run(Act::Set(false, End::Ok)).await.unwrap();
    }
    assert_eq!(stage.take("inside"), [0]);
    assert_enforced(&subject, &stage, 1, "after theirs").await;
}

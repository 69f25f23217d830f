//! Bodies do with tokio-postgres what other drivers do not have: requests side by side, streams,
//! copies, portals, and its own transactions.

use std::pin::pin;
use std::sync::atomic::{AtomicU32, Ordering};

use commit_on_success::testing::AsyncTestTransaction;
use commit_on_success::{
    Error, ErrorKind, Outcome, commit_on_success, defer, in_transaction, set_rollback,
};
use commit_on_success_tests::errors::assert_not_owned;
use commit_on_success_tests::pg::{self, AppError};
use futures_util::future::{join, join_all};
use futures_util::{SinkExt as _, StreamExt as _};
use tokio_postgres::Client;
use tokio_postgres::error::SqlState;

use crate::dialect::Begun;
use crate::driver::{self, Connection, Database, Pool};
use crate::support::Journal;

const INSERT: &str = "INSERT INTO item (id) VALUES ($1)";

/// The two rows are on their way at the same time.
#[commit_on_success]
async fn store_two(
    conn: &mut Connection,
    ids: [i64; 2],
    journal: &Journal,
) -> Result<(), AppError> {
    defer!(journal.clone().note("called"));
    let insert = conn.prepare(INSERT).await?;
    let (one, two) = join(
        conn.execute(&insert, &[&ids[0]]),
        conn.execute(&insert, &[&ids[1]]),
    )
    .await;
    // Whoever does not look gets an error all the same.
    journal.note(format!("{} {}", one.is_ok(), two.is_ok()));
    Ok(())
}

#[crate::driver::test]
async fn statements_side_by_side_are_in_the_transaction() {
    let db = driver::open().await;
    let mut conn = db.connect().await;
    let journal = Journal::default();
    store_two(&mut conn, [1, 2], &journal).await.unwrap();
    assert_eq!(journal.entries(), ["true true", "called"]);
    assert_eq!(db.committed().await, [1, 2]);
}

#[crate::driver::test]
async fn a_swallowed_error_of_statements_side_by_side_is_an_error() {
    for ids in [[1, 1], [0, 1], [1, 0]] {
        let db = driver::open().await;
        let mut conn = db.connect().await;
        driver::insert(&mut conn, 0).await.unwrap();
        let journal = Journal::default();
        let stored = store_two(&mut conn, ids, &journal).await;
        let error = stored.unwrap_err().into_transaction();
        assert_eq!(error.kind(), ErrorKind::Aborted, "{error:?}");
        assert_eq!(journal.entries().len(), 1);
        assert_eq!(db.committed().await, [0]);
    }
}

#[crate::driver::test]
async fn a_statement_prepared_in_a_body_outlives_its_transaction() {
    #[commit_on_success]
    async fn prepares(conn: &mut Connection) -> Result<tokio_postgres::Statement, AppError> {
        let insert = conn.prepare(INSERT).await?;
        conn.execute(&insert, &[&1_i64]).await?;
        Ok(insert)
    }

    let db = driver::open().await;
    let mut conn = db.connect().await;
    let insert = prepares(&mut conn).await.unwrap();
    conn.execute(&insert, &[&2_i64]).await.unwrap();
    assert_eq!(db.committed().await, [1, 2]);
}

/// Reads so many rows, of which the third one is an error.
#[commit_on_success]
async fn read(conn: &mut Connection, rows: usize) -> Result<usize, AppError> {
    driver::insert(conn, 1).await?;
    let select = "SELECT 1 / (3 - i) FROM generate_series(1, 5000) i";
    let arguments: [i64; 0] = [];
    let stream = conn.query_raw(select, arguments).await?;
    let mut stream = pin!(stream.take(rows));
    let mut read = 0;
    while let Some(row) = stream.next().await {
        read += usize::from(row.is_ok());
    }
    Ok(read)
}

#[crate::driver::test]
async fn an_error_in_a_stream_that_nobody_has_read_is_an_error() {
    for rows in [0, 1, 3] {
        let db = driver::open().await;
        let mut conn = db.connect().await;
        let error = read(&mut conn, rows).await.unwrap_err().into_transaction();
        assert_eq!(error.kind(), ErrorKind::Aborted, "{rows} {error:?}");
        assert!(db.committed().await.is_empty());
        driver::insert(&mut conn, 2).await.unwrap();
        assert_eq!(db.committed().await, [2]);
    }
}

#[crate::driver::test]
async fn a_stream_that_is_dropped_half_read_does_no_harm() {
    #[commit_on_success]
    async fn reads_a_little(conn: &mut Connection) -> Result<(), AppError> {
        driver::insert(conn, 1).await?;
        let select = "SELECT i FROM generate_series(1, 100000) i";
        let arguments: [i64; 0] = [];
        let mut stream = pin!(conn.query_raw(select, arguments).await?);
        assert!(stream.next().await.is_some_and(|row| row.is_ok()));
        Ok(())
    }

    let db = driver::open().await;
    reads_a_little(&mut db.connect().await).await.unwrap();
    assert_eq!(db.committed().await, [1]);
}

/// The end of rows that are copied.
#[derive(Clone, Copy, PartialEq)]
enum Copied {
    Finished,
    Dropped,
}

#[commit_on_success]
async fn copy(conn: &mut Connection, copied: Copied, journal: &Journal) -> Result<(), AppError> {
    defer!(journal.clone().note("called"));
    driver::insert(conn, 1).await?;
    let sink = conn.copy_in("COPY item FROM STDIN").await;
    let mut sink = pin!(sink?);
    let sent = sink.send(&b"2\n3\n"[..]).await;
    sent?;
    if copied == Copied::Finished {
        let finished = sink.finish().await;
        finished?;
    }
    Ok(())
}

#[crate::driver::test]
async fn a_copy_is_stored_when_it_was_finished_and_an_error_when_it_was_not() {
    let db = driver::open().await;
    let mut conn = db.connect().await;
    let journal = Journal::default();
    let unfinished = copy(&mut conn, Copied::Dropped, &journal).await;
    let error = unfinished.unwrap_err().into_transaction();
    assert_eq!(error.kind(), ErrorKind::Aborted, "{error:?}");
    assert!(db.committed().await.is_empty());
    copy(&mut conn, Copied::Finished, &journal).await.unwrap();
    assert_eq!(journal.entries(), ["called"]);
    assert_eq!(db.committed().await, [1, 2, 3]);
}

/// A copy that a body begins and does not end.
#[derive(Clone, Copy, Debug)]
enum Copying {
    In,
    Out,
}

/// Begins a copy, and ends with the next part of it still to come.
async fn half_copy(client: &Client, copying: Copying, end: End, id: i64) -> Result<(), AppError> {
    client.execute(INSERT, &[&id]).await?;
    match copying {
        Copying::In => {
            let mut sink = pin!(client.copy_in("COPY item FROM STDIN").await?);
            sink.send(&b"77\n"[..]).await?;
        }
        Copying::Out => {
            let rows = "COPY (SELECT generate_series(1, 100000)) TO STDOUT";
            let mut rows = pin!(client.copy_out(rows).await?);
            assert!(rows.next().await.is_some_and(|row| row.is_ok()));
        }
    }
    match end {
        End::Succeeds => Ok(()),
        End::Fails => Err(AppError::Own("no")),
        End::TakesBack => set_rollback().map_err(|_| AppError::Own("not in a transaction")),
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum End {
    Succeeds,
    Fails,
    TakesBack,
}

#[crate::driver::test]
async fn a_copy_that_the_body_does_not_finish_leaves_the_connection_in_step() {
    #[commit_on_success]
    async fn on_connection(
        conn: &mut Connection,
        copying: Copying,
        end: End,
    ) -> Result<(), AppError> {
        half_copy(conn, copying, end, 1).await
    }

    #[commit_on_success(tx = pool)]
    async fn on_pool(pool: &Pool, copying: Copying, end: End) -> Result<(), AppError> {
        half_copy(tx, copying, end, 2).await
    }

    let db = driver::open().await;
    let (mut conn, pool) = (db.connect().await, db.pool(1).await);
    driver::insert(&mut conn, 100).await.unwrap();
    for copying in [Copying::In, Copying::Out] {
        for end in [End::Succeeds, End::Fails, End::TakesBack] {
            let context = format!("{copying:?} {end:?}");
            let lent = on_connection(&mut conn, copying, end).await;
            let pooled = on_pool(&pool, copying, end).await;
            let stored = end == End::Succeeds && matches!(copying, Copying::Out);
            for ended in [&lent, &pooled] {
                assert_eq!(ended.is_ok(), stored || end == End::TakesBack, "{context}");
            }
            let expected: &[i64] = if stored { &[1, 2, 100] } else { &[100] };
            assert_eq!(db.committed().await, expected, "{context}");
            // Each answer belongs to its own statement.
            driver::insert(&mut conn, 100).await.unwrap_err();
            assert_eq!(
                driver::rows(&mut conn).await.unwrap(),
                expected,
                "{context}"
            );
            let mut next = driver::take(&pool).await;
            driver::insert(&mut next, 100).await.unwrap_err();
            assert_eq!(
                driver::rows(&mut next).await.unwrap(),
                expected,
                "{context}"
            );
            let others = "DELETE FROM item WHERE id < 100";
            driver::execute(&mut next, others).await.unwrap();
        }
    }
}

/// The end of a transaction of the driver inside of a body, which is no savepoint but a `BEGIN`.
#[derive(Clone, Copy, Debug)]
enum Inner {
    Commits,
    RollsBack,
    IsDropped,
}

#[crate::driver::test]
async fn the_end_of_a_transaction_of_the_driver_inside_a_body_is_an_error() {
    #[commit_on_success]
    async fn nests(conn: &mut Connection, inner: Inner, journal: &Journal) -> Result<(), AppError> {
        defer!(journal.clone().note("never"));
        driver::insert(conn, 1).await?;
        let mut by_hand = driver::begin_by_hand(conn).await;
        driver::insert(&mut by_hand, 2).await?;
        match inner {
            Inner::Commits => by_hand.commit().await?,
            Inner::RollsBack => by_hand.rollback().await?,
            Inner::IsDropped => drop(by_hand),
        }
        Ok(driver::insert(conn, 3).await?)
    }

    for (inner, stored) in [
        (Inner::Commits, &[1, 2, 3][..]),
        (Inner::RollsBack, &[3]),
        (Inner::IsDropped, &[3]),
    ] {
        let db = driver::open().await;
        let mut conn = db.connect().await;
        let journal = Journal::default();
        let nested = nests(&mut conn, inner, &journal).await;
        let error = nested.unwrap_err().into_transaction();
        assert_eq!(error.kind(), ErrorKind::Ended, "{inner:?} {error:?}");
        assert_eq!(error.outcome(), Outcome::Unknown);
        assert_eq!(journal.owners(), 1);
        assert_eq!(db.committed().await, stored, "{inner:?}");
    }
}

#[crate::driver::test]
async fn a_block_on_a_savepoint_of_the_driver_goes_with_it() {
    #[commit_on_success]
    async fn plain(conn: &mut Begun<'_>, id: i64) -> Result<(), AppError> {
        Ok(driver::insert(conn, id).await?)
    }

    let db = driver::open().await;
    let mut conn = db.connect().await;
    let mut by_hand = driver::begin_by_hand(&mut conn).await;
    plain(&mut by_hand, 1).await.unwrap();
    let mut savepoint = by_hand.transaction().await.unwrap();
    plain(&mut savepoint, 2).await.unwrap();
    savepoint.rollback().await.unwrap();
    let mut savepoint = by_hand.savepoint("mine").await.unwrap();
    plain(&mut savepoint, 3).await.unwrap();
    savepoint.commit().await.unwrap();
    driver::commit_by_hand(by_hand).await;
    assert_eq!(db.committed().await, [1, 3]);
}

#[crate::driver::test]
async fn a_portal_that_is_read_in_part_does_no_harm() {
    #[commit_on_success]
    async fn reads_a_little(conn: &mut Begun<'_>) -> Result<usize, AppError> {
        let select = "SELECT i FROM generate_series(1, 1000) i";
        let portal = conn.bind(select, &[]).await?;
        Ok(conn.query_portal(&portal, 10).await?.len())
    }

    let db = driver::open().await;
    let mut conn = db.connect().await;
    let mut by_hand = driver::begin_by_hand(&mut conn).await;
    assert_eq!(reads_a_little(&mut by_hand).await.unwrap(), 10);
    driver::commit_by_hand(by_hand).await;
}

#[crate::driver::test]
async fn a_transaction_of_the_driver_is_one_that_is_open_already() {
    #[commit_on_success(conn, isolation = serializable)]
    async fn isolated(conn: &mut Begun<'_>) -> Result<(), AppError> {
        Ok(driver::insert(conn, 1).await?)
    }

    #[commit_on_success(conn, propagation = durable)]
    async fn durable(conn: &mut Begun<'_>) -> Result<(), AppError> {
        Ok(driver::insert(conn, 2).await?)
    }

    #[commit_on_success(conn, propagation = mandatory)]
    async fn mandatory(conn: &mut Begun<'_>) -> Result<(), AppError> {
        Ok(driver::insert(conn, 3).await?)
    }

    let db = driver::open().await;
    let mut conn = db.connect().await;
    let mut by_hand = driver::begin_by_hand(&mut conn).await;
    let refused = isolated(&mut by_hand).await;
    let error = refused.unwrap_err().into_transaction();
    assert_eq!(error.kind(), ErrorKind::NestedOption, "{error:?}");
    let refused = durable(&mut by_hand).await;
    let error = refused.unwrap_err().into_transaction();
    assert_eq!(error.kind(), ErrorKind::Durable, "{error:?}");
    mandatory(&mut by_hand).await.unwrap();
    driver::commit_by_hand(by_hand).await;
    assert_eq!(db.committed().await, [3]);
}

#[crate::driver::test]
async fn a_nested_block_leaves_no_savepoint_behind() {
    #[commit_on_success]
    async fn inner(conn: &mut Connection, id: i64) -> Result<(), AppError> {
        driver::insert(conn, id).await?;
        if id % 2 == 0 {
            Err(AppError::Own("even"))
        } else {
            Ok(())
        }
    }

    #[commit_on_success]
    async fn outer(conn: &mut Connection, id: i64) -> Result<(), AppError> {
        let _either = inner(conn, id).await;
        let back = "ROLLBACK TO SAVEPOINT commit_on_success_1";
        let error = conn.batch_execute(back).await.unwrap_err();
        assert_eq!(error.code(), Some(&SqlState::S_E_INVALID_SPECIFICATION));
        Err(AppError::Own("outer"))
    }

    let db = driver::open().await;
    let mut conn = db.connect().await;
    for id in [1, 2] {
        let error = outer(&mut conn, id).await.unwrap_err();
        assert!(matches!(error, AppError::Own("outer")), "{error:?}");
    }
}

#[crate::driver::test]
async fn many_statements_side_by_side_are_all_stored() {
    #[commit_on_success]
    async fn stores(conn: &mut Connection) -> Result<(), AppError> {
        let ids: Vec<i64> = (0..100).collect();
        let insert = conn.prepare(INSERT).await?;
        let conn = &*conn;
        let inserts = ids.iter().map(|id| {
            let insert = &insert;
            async move { conn.execute(insert, &[id]).await }
        });
        for inserted in join_all(inserts).await {
            inserted?;
        }
        Ok(())
    }

    let db = driver::open().await;
    stores(&mut db.connect().await).await.unwrap();
    assert_eq!(db.committed().await, (0..100).collect::<Vec<_>>());
}

/// Shows no more than the source of what it holds.
#[derive(Debug, thiserror::Error)]
enum Transparent {
    #[error(transparent)]
    Database(#[from] tokio_postgres::Error),
    #[error(transparent)]
    Transaction(#[from] Error),
}

/// Somebody who has row 2 and waits for row 1.
async fn stand_in_the_way(db: &Database) -> Result<(), tokio_postgres::Error> {
    let other = pg::connect(&db.config).await;
    let number: i32 = other
        .query_one("SELECT pg_backend_pid()", &[])
        .await?
        .get(0);
    other
        .batch_execute("BEGIN; UPDATE item SET id = id WHERE id = 2")
        .await?;
    tokio::spawn(async move {
        let then = "UPDATE item SET id = id WHERE id = 1; COMMIT";
        other.batch_execute(then).await
    });
    let waits = format!("SELECT count(*) FROM pg_locks WHERE pid = {number} AND NOT granted");
    while db.corner.numbers(waits.clone()).await == [0] {}
    Ok(())
}

#[crate::driver::test]
async fn a_deadlock_in_a_transparent_error_is_worth_another_attempt() {
    #[commit_on_success(conn, attempts = 2)]
    async fn updates(
        conn: &mut Connection,
        db: &Database,
        tries: &AtomicU32,
    ) -> Result<(), Transparent> {
        conn.batch_execute("UPDATE item SET id = id WHERE id = 1")
            .await?;
        if tries.fetch_add(1, Ordering::Relaxed) == 0 {
            stand_in_the_way(db).await?;
        }
        conn.batch_execute("UPDATE item SET id = 3 WHERE id = 2")
            .await?;
        Ok(())
    }

    let db = driver::open().await;
    let mut conn = db.connect().await;
    driver::insert(&mut conn, 1).await.unwrap();
    driver::insert(&mut conn, 2).await.unwrap();
    // The first to look is the one that fails.
    conn.batch_execute("SET deadlock_timeout = '20ms'")
        .await
        .unwrap();
    let tries = AtomicU32::new(0);
    updates(&mut conn, &db, &tries).await.unwrap();
    assert_eq!(tries.into_inner(), 2);
    assert_eq!(db.committed().await, [1, 3]);
}

#[crate::driver::test]
async fn a_transaction_in_plain_sql_around_a_refused_block_stays_until_its_owner_ends_it() {
    #[commit_on_success]
    async fn store(conn: &mut Connection, id: i64) -> Result<(), AppError> {
        Ok(driver::insert(conn, id).await?)
    }

    let db = driver::open().await;
    let mut conn = db.connect().await;
    driver::execute(&mut conn, "BEGIN").await.unwrap();
    driver::insert(&mut conn, 1).await.unwrap();
    store(&mut conn, 2).await.unwrap_err();
    // If it was gone, this would be stored.
    driver::insert(&mut conn, 3).await.unwrap_err();
    driver::execute(&mut conn, "ROLLBACK").await.unwrap();
    store(&mut conn, 4).await.unwrap();
    assert_eq!(db.committed().await, [4]);
}

#[crate::driver::test]
async fn functions_inside_a_tests_transaction_are_outermost_ones_and_nothing_is_kept() {
    let db = driver::open().await;
    let mut conn = db.connect().await;
    let journal = Journal::default();
    let mut test = AsyncTestTransaction::begin(&mut conn).await.unwrap();
    store_two(test.connection(), [1, 2], &journal)
        .await
        .unwrap();
    assert_eq!(journal.entries(), ["true true", "called"]);
    store_two(test.connection(), [3, 3], &journal)
        .await
        .unwrap_err();
    assert_eq!(driver::rows(test.connection()).await.unwrap(), [1, 2]);
    test.rollback().await.unwrap();
    assert!(db.committed().await.is_empty());
    store_two(&mut conn, [4, 5], &journal).await.unwrap();
    assert_eq!(db.committed().await, [4, 5]);
}

mod limits {
    use super::*;

    #[commit_on_success]
    async fn store_in(conn: &mut Begun<'_>, id: i64) -> Result<(), AppError> {
        driver::insert(conn, id).await?;
        assert!(in_transaction());
        if id % 2 == 0 {
            Err(AppError::Own("even"))
        } else {
            Ok(())
        }
    }

    #[commit_on_success]
    async fn store_in_and_defer(
        conn: &mut Begun<'_>,
        id: i64,
        journal: &Journal,
    ) -> Result<(), AppError> {
        defer!(journal.clone().note(id.to_string()));
        Ok(driver::insert(conn, id).await?)
    }

    #[crate::driver::test]
    async fn a_block_on_a_transaction_of_the_driver_inside_a_body_does_not_know_where_it_is() {
        #[commit_on_success]
        async fn outer(conn: &mut Connection, journal: &Journal) -> Result<(), AppError> {
            let mut by_hand = driver::begin_by_hand(conn).await;
            store_in(&mut by_hand, 1).await?;
            store_in(&mut by_hand, 2).await.unwrap_err();
            let refused = store_in_and_defer(&mut by_hand, 3, journal).await;
            let error = refused.unwrap_err().into_transaction();
            assert_not_owned(&error, 1);
            // Its end would be the end of everything.
            std::mem::forget(by_hand);
            Ok(())
        }

        let db = driver::open().await;
        let journal = Journal::default();
        outer(&mut db.connect().await, &journal).await.unwrap();
        assert!(journal.entries().is_empty());
        assert_eq!(db.committed().await, [1]);
    }

    /// The server takes the next statement for what is copied, and ends the session.
    #[crate::driver::test]
    async fn a_copy_that_has_no_sink_ends_its_session_and_what_became_of_the_block_is_unknown() {
        #[commit_on_success(tx = pool)]
        async fn copies(pool: &Pool) -> Result<(), AppError> {
            driver::insert(tx, 1).await?;
            tx.batch_execute("COPY item FROM STDIN").await.unwrap_err();
            Ok(())
        }

        let db = driver::open().await;
        let pool = db.pool(1).await;
        let error = copies(&pool).await.unwrap_err().into_transaction();
        assert_eq!(error.kind(), ErrorKind::Unknown, "{error:?}");
        let mut next = driver::take(&pool).await;
        driver::insert(&mut next, 2).await.unwrap();
        assert_eq!(db.committed().await, [2]);
    }
}

// Blocks inside of savepoints that diesel and diesel-async have created themselves.

use commit_on_success::{Outcome, commit_on_success, defer};
use commit_on_success_tests::errors::assert_not_owned;

use crate::driver::{self, Connection, Generic as _};
use crate::support::{Failure, Journal};

#[commit_on_success]
async fn plain(conn: &mut Connection, id: i64) -> Result<(), Failure> {
    Ok(driver::insert(conn, id).await?)
}

#[commit_on_success]
async fn defers(conn: &mut Connection, id: i64, journal: &Journal) -> Result<(), Failure> {
    driver::insert(conn, id).await?;
    defer!(journal.clone().note(id.to_string()));
    if id % 2 == 0 {
        Err(Failure::body("even"))
    } else {
        Ok(())
    }
}

#[commit_on_success(conn, propagation = required)]
async fn joins(conn: &mut Connection, id: i64, journal: &Journal) -> Result<(), Failure> {
    defers(conn, id, journal).await?;
    defers(conn, id + 1, journal).await.unwrap_err();
    defer!(journal.clone().note(format!("{id} joined")));
    Ok(())
}

#[track_caller]
fn assert_refused(done: Result<(), Failure>, calls: usize) {
    let error = done.unwrap_err().into_transaction();
    assert_eq!(error.outcome(), Outcome::RolledBack);
    assert_not_owned(&error, calls);
}

/// Nobody hears whether the savepoint of diesel is undone.
#[crate::driver::test]
async fn a_call_deferred_in_a_savepoint_of_diesel_is_an_error_and_never_runs() {
    #[commit_on_success]
    async fn outer(conn: &mut Connection, keeps: bool, journal: &Journal) -> Result<(), Failure> {
        plain(conn, 1).await?;
        let inner = conn.transaction::<(), Failure, _>(async |conn| {
            plain(conn, 2).await?;
            assert_refused(defers(conn, 3, journal).await, 1);
            if keeps {
                Ok(())
            } else {
                Err(Failure::body("no"))
            }
        });
        assert_eq!(inner.await.is_ok(), keeps);
        assert_eq!(driver::depth(conn), Some(1));
        defers(conn, 5, journal).await
    }

    for keeps in [false, true] {
        let db = driver::open().await;
        let mut conn = db.connect().await;
        let journal = Journal::default();
        outer(&mut conn, keeps, &journal).await.unwrap();
        assert_eq!(journal.entries(), ["5"]);
        let expected: &[i64] = if keeps { &[1, 2, 5] } else { &[1, 5] };
        assert_eq!(db.committed().await, expected);
    }
}

#[crate::driver::test]
async fn blocks_inside_of_a_block_in_a_savepoint_of_diesel_hand_their_calls_to_that_one() {
    #[commit_on_success]
    async fn middle(conn: &mut Connection, journal: &Journal) -> Result<(), Failure> {
        defers(conn, 3, journal).await?;
        defers(conn, 4, journal).await.unwrap_err();
        joins(conn, 5, journal).await
    }

    #[commit_on_success]
    async fn outer(conn: &mut Connection, journal: &Journal) -> Result<(), Failure> {
        defers(conn, 1, journal).await?;
        let inner = conn.transaction::<(), Failure, _>(async |conn| {
            assert_refused(middle(conn, journal).await, 3);
            assert_eq!(driver::depth(conn), Some(2));
            plain(conn, 7).await
        });
        inner.await?;
        Ok(())
    }

    let db = driver::open().await;
    let mut conn = db.connect().await;
    let journal = Journal::default();
    outer(&mut conn, &journal).await.unwrap();
    assert_eq!(journal.entries(), ["1"]);
    assert_eq!(db.committed().await, [1, 7]);
}

#[crate::driver::test]
async fn blocks_that_join_or_roll_back_leave_the_count_of_savepoints_as_it_was() {
    #[commit_on_success]
    async fn outer(conn: &mut Connection, journal: &Journal) -> Result<(), Failure> {
        joins(conn, 1, journal).await?;
        defers(conn, 4, journal).await.unwrap_err();
        let inner = conn.transaction::<(), Failure, _>(async |conn| {
            // Nothing of somebody else's can be joined.
            assert_refused(joins(conn, 5, journal).await, 2);
            Ok(())
        });
        inner.await?;
        assert_eq!(driver::depth(conn), Some(1));
        joins(conn, 7, journal).await?;
        defers(conn, 9, journal).await
    }

    let db = driver::open().await;
    let mut conn = db.connect().await;
    let journal = Journal::default();
    outer(&mut conn, &journal).await.unwrap();
    let expected = ["1", "1 joined", "7", "7 joined", "9"];
    assert_eq!(journal.entries(), expected);
    assert_eq!(driver::depth(&mut conn), None);
    assert_eq!(db.committed().await, [1, 7, 9]);
}

#[crate::driver::test]
async fn the_levels_of_a_block_are_those_that_diesel_counts() {
    use commit_on_success::Session as _;

    use crate::driver::{Source as _, Steps as _};

    let db = driver::open().await;
    let mut conn = db.connect().await;
    let mut block = (&mut conn).acquire_session().await.unwrap();
    assert_eq!(block.levels(), Some(0));
    block
        .begin(&commit_on_success::Options::new())
        .await
        .unwrap();
    assert_eq!(block.levels(), Some(1));
    driver::begin_and_forget(block.handle()).await;
    assert_eq!(block.levels(), Some(2));
    block.rollback().await.unwrap();
    assert_eq!(block.levels(), Some(0));
    driver::status_of(block.handle()).set_in_error();
    assert_eq!(block.levels(), None);
}

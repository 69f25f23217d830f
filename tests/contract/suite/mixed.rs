//! Transactions on different connections, one inside the other.

use commit_on_success::{commit_on_success, defer, in_transaction, pending};

use crate::driver::{self, Connection, Pool};
use crate::support::{Failure, Journal};

/// On the outer connection, inside the transaction of the other.
#[commit_on_success]
async fn savepoint(conn: &mut Connection, journal: &Journal) -> Result<(), Failure> {
    driver::insert(conn, 2).await?;
    defer!(journal.clone().note("A2"));
    assert_eq!(pending(), 2);
    Ok(())
}

#[commit_on_success(tx = driver::source(pool))]
async fn independent(
    pool: &Pool,
    conn: &mut Connection,
    journal: &Journal,
    fails: bool,
) -> Result<(), Failure> {
    driver::insert(tx, 10).await?;
    defer!(journal.clone().note("B1"));
    assert_eq!(pending(), 1);
    savepoint(conn, journal).await?;
    assert_eq!(pending(), 1);
    defer!(note_where(journal.clone()));
    if fails {
        Err(Failure::body("B"))
    } else {
        Ok(())
    }
}

/// The transaction around it is still open, but not for a call of the inner one.
fn note_where(journal: Journal) {
    journal.note(format!(
        "B2, open {}, pending {}",
        in_transaction(),
        pending()
    ));
    defer!(journal.note("B3 at once"));
}

#[commit_on_success]
async fn outer(
    conn: &mut Connection,
    pool: &Pool,
    journal: &Journal,
    [inner_fails, outer_fails]: [bool; 2],
) -> Result<(), Failure> {
    driver::insert(conn, 1).await?;
    defer!(journal.clone().note("A1"));
    let inner = independent(pool, conn, journal, inner_fails).await;
    assert_eq!(inner.is_err(), inner_fails);
    journal.note("the other has ended");
    assert!(in_transaction());
    assert_eq!(pending(), 2);
    defer!(journal.clone().note("A3"));
    if outer_fails {
        Err(Failure::body("A"))
    } else {
        Ok(())
    }
}

const B: [&str; 3] = ["B1", "B2, open false, pending 0", "B3 at once"];

#[crate::driver::test]
async fn each_call_runs_with_the_transaction_that_it_was_deferred_in() {
    let db = driver::open().await;
    let other = driver::open().await;
    let (mut conn, pool) = (db.connect().await, other.pool(1).await);
    let journal = Journal::default();
    outer(&mut conn, &pool, &journal, [false, false])
        .await
        .unwrap();
    let expected = [&B[..], &["the other has ended", "A1", "A2", "A3"]].concat();
    assert_eq!(journal.entries(), expected);
    assert_eq!(db.committed().await, [1, 2]);
    assert_eq!(other.committed().await, [10]);
}

#[crate::driver::test]
async fn the_inner_transaction_stays_committed_when_the_outer_fails() {
    let db = driver::open().await;
    let other = driver::open().await;
    let (mut conn, pool) = (db.connect().await, other.pool(1).await);
    let journal = Journal::default();
    let error = outer(&mut conn, &pool, &journal, [false, true])
        .await
        .unwrap_err();
    assert_eq!(&*error.into_body(), "A");
    let expected = [&B[..], &["the other has ended"]].concat();
    assert_eq!(journal.entries(), expected);
    assert!(db.committed().await.is_empty());
    assert_eq!(other.committed().await, [10]);
}

#[crate::driver::test]
async fn the_outer_transaction_commits_what_a_savepoint_inside_the_failed_one_has_done() {
    let db = driver::open().await;
    let other = driver::open().await;
    let (mut conn, pool) = (db.connect().await, other.pool(1).await);
    let journal = Journal::default();
    outer(&mut conn, &pool, &journal, [true, false])
        .await
        .unwrap();
    assert_eq!(journal.entries(), ["the other has ended", "A1", "A2", "A3"]);
    assert_eq!(db.committed().await, [1, 2]);
    assert!(other.committed().await.is_empty());
}

//! Statements and blocks beside each other: they take turns.

use std::pin::pin;
use std::sync::Mutex;

use commit_on_success::transaction;
use commit_on_success_tests::polling::poll_once;
use futures_util::join;

use super::*;

/// Writes a row, lets others run, and undoes it.
#[commit_on_success(tx = db)]
async fn taken_back(db: &Handle, id: i64) -> Result<(), Failure> {
    insert(db, id).await?;
    for _ in 0..5 {
        driver::pause().await;
    }
    Err(Failure::body("taken_back"))
}

#[crate::driver::test]
async fn a_statement_beside_a_nested_block_is_not_undone_with_it() {
    let db = driver::open().await;
    let handle = db.handle(1).await;
    let joined: Result<(), Failure> = transaction!(async tx = &handle => {
        let (nested, beside, last) = join!(
            taken_back(tx, 1),
            insert(tx, 2),
            async {
                driver::pause().await;
                insert(tx, 3).await
            }
        );
        nested.unwrap_err();
        beside?;
        last?;
        Ok(())
    });
    joined.unwrap();
    assert_eq!(db.committed().await, [2, 3]);
}

#[crate::driver::test]
async fn nested_blocks_beside_each_other_run_one_after_the_other() {
    let db = driver::open().await;
    let handle = db.handle(1).await;
    let joined: Result<(), Failure> = transaction!(async tx = &handle => {
        let (first, second, third) = join!(taken_back(tx, 1), block(tx, 2, true), taken_back(tx, 3));
        first.unwrap_err();
        second?;
        third.unwrap_err();
        Ok(())
    });
    joined.unwrap();
    assert_eq!(db.committed().await, [2]);
}

#[crate::driver::test]
async fn no_branch_is_ahead_by_more_than_one_turn() {
    let db = driver::open().await;
    let handle = db.handle(1).await;
    let turns = Mutex::new(Vec::new());
    let mine = |branch: usize| {
        let (handle, turns) = (&handle, &turns);
        async move {
            for _ in 0..20 {
                sqlx::query("SELECT id FROM item").fetch_all(handle).await?;
                turns.lock().unwrap().push(branch);
            }
            Ok::<_, Failure>(())
        }
    };
    let joined: Result<(), Failure> = transaction!(async _tx = &handle => {
        let (one, other) = join!(mine(0), mine(1));
        one.and(other)
    });
    joined.unwrap();
    // As long as both want the connection: the first one may be polled alone for a while, and the last one is.
    let turns = turns.into_inner().unwrap();
    let first = |branch| turns.iter().position(|turn| *turn == branch).unwrap();
    let last = |branch| turns.iter().rposition(|turn| *turn == branch).unwrap();
    let both = &turns[first(0).max(first(1))..=last(0).min(last(1))];
    assert!(
        both.windows(3)
            .all(|three| three[0] != three[1] || three[1] != three[2]),
        "{turns:?}"
    );
}

/// What a statement is told that waits in vain, while `holder` has the connection.
async fn refused(handle: &Handle) -> String {
    let refused = insert(handle, 9).await.unwrap_err();
    assert_eq!(kind(&refused), ErrorKind::Busy);
    refused.to_string()
}

#[crate::driver::test]
async fn a_statement_says_for_whom_it_has_waited_in_vain() {
    let db = driver::open().await;
    let handle = db.impatient().await;
    let waited: Result<(), Failure> = transaction!(async tx = &handle => {
        {
            let _lease = tx.acquire().await?;
            assert!(refused(tx).await.contains("leased"));
        }
        {
            // The database may have answered before the first poll is over.
            let mut id = 10;
            let mut abandoned = loop {
                let mut statement = Box::pin(insert(tx, id));
                if poll_once(statement.as_mut()).is_pending() {
                    break statement;
                }
                id += 1;
            };
            assert!(refused(tx).await.contains("a statement is under way"));
            abandoned.as_mut().await?;
            sqlx::query("DELETE FROM item").execute(tx).await?;
        }
        {
            let mut abandoned = pin!(taken_back(tx, 2));
            while poll_once(abandoned.as_mut()).is_pending() && !refused(tx).await.contains("a block") {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            abandoned.await.unwrap_err();
        }
        insert(tx, 3).await?;
        Ok(())
    });
    waited.unwrap();
    assert_eq!(db.committed().await, [3]);
}

#[crate::driver::test]
async fn a_statement_inside_of_a_block_on_a_lease_is_refused_at_once() {
    let db = driver::open().await;
    let handle = db.handle(1).await;
    let refused: Result<(), Failure> = transaction!(async tx = &handle => {
        let mut lease = tx.acquire().await?;
        let inner: Result<(), Failure> = transaction!(async conn = &mut lease => {
            driver::insert(conn, 1).await?;
            insert(&handle, 2).await?;
            Ok(())
        });
        inner
    });
    assert_eq!(kind(&refused.unwrap_err()), ErrorKind::Busy);
    assert_eq!(db.committed().await, [0; 0]);
    assert!(is_clean(&handle, &[]).await);
}

//! `defer!` outside of any transaction: by default it runs the call at once.

use commit_on_success::{commit_on_success, defer, in_transaction, pending, try_defer};

use crate::driver::{self, Pool};
use crate::support::{Failure, Journal, fail, observe, observed};

async fn note_later(journal: Journal, entry: &'static str) {
    driver::pause().await;
    journal.note(entry);
}

#[crate::driver::test]
async fn a_call_runs_at_once() {
    let journal = Journal::default();
    defer!(journal.clone().note("one"));
    journal.note("two");
    defer!(note_later(journal.clone(), "three").await);
    journal.note("four");
    assert_eq!(journal.entries(), ["one", "two", "three", "four"]);
    assert_eq!(pending(), 0);
}

#[crate::driver::test]
async fn try_defer_is_an_error_and_the_call_does_not_run() {
    let journal = Journal::default();
    assert!(try_defer!(journal.clone().note("never")).is_err());
    assert!(try_defer!(note_later(journal.clone(), "never").await).is_err());
    assert!(journal.entries().is_empty());
    assert_eq!(journal.owners(), 1);
}

#[crate::driver::test]
async fn observers_hear_of_a_call_that_fails() {
    async fn fail_later(text: &'static str) -> Result<(), Failure> {
        driver::pause().await;
        fail(text)
    }

    observe();
    let place = format!("{}:{}:5", file!(), line!() + 1);
    defer!(fail("nobody listens"));
    let expected = format!("the call deferred at {place} failed: nobody listens");
    assert_eq!(observed(&place), [expected]);
    let place = format!("{}:{}:5", file!(), line!() + 1);
    defer!(fail_later("nobody waits").await);
    let expected = format!("the call deferred at {place} failed: nobody waits");
    assert_eq!(observed(&place), [expected]);
}

#[crate::driver::test]
async fn asking_and_deferring_outside_need_no_connection() {
    #[commit_on_success(tx = driver::source(pool))]
    async fn looks(pool: &Pool) -> Result<(), Failure> {
        assert!(in_transaction());
        driver::rows(tx).await?;
        Ok(())
    }

    let db = driver::open().await;
    let pool = db.pool(1).await;
    let journal = Journal::default();
    let only = driver::take(&pool).await;
    assert!(!in_transaction());
    defer!(journal.clone().note("called"));
    assert_eq!(journal.entries(), ["called"]);
    drop(only);
    looks(&pool).await.unwrap();
    assert!(!in_transaction());
}

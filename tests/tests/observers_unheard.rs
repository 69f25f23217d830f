//! What observers are told of a commit that goes on when its future was dropped, on the scripted driver and a runtime of tokio.
#![allow(missing_docs, reason = "a test program")]
#![allow(clippy::unwrap_used, reason = "a failed test says where")]

use std::sync::{Mutex, PoisonError};

use std::error::Error as _;

use commit_on_success::{Event, Observer, add_observer, commit_on_success, defer, events};
use commit_on_success_tests::polling::{poll_once, settle};
use commit_on_success_tests::scripted::{Answer, AppError, Database, Pool, Step};

static TOLD: Mutex<Vec<String>> = Mutex::new(Vec::new());

fn tell(line: &str) {
    let mut told = TOLD.lock().unwrap_or_else(PoisonError::into_inner);
    told.push(line.to_owned());
}

struct Teller;

impl Observer for Teller {
    fn committed(&self, event: &Event) {
        assert!(event.driver.contains("Work"), "{}", event.driver);
        tell("committed");
    }

    fn unknown(&self, event: &Event) {
        assert!(event.driver.contains("Work"), "{}", event.driver);
        tell("unknown");
    }

    fn handler_failed(&self, event: &events::HandlerFailed<'_>) {
        let failure = event.failure;
        match failure.source() {
            Some(source) => tell(&source.to_string()),
            None => tell(&failure.to_string()),
        }
    }
}

#[commit_on_success(tx = pool)]
async fn block(pool: &Pool, fails: bool) -> Result<(), AppError> {
    tx.insert_later(1).await?;
    if fails {
        defer!(Err::<(), _>("the call fails"));
    }
    Ok(())
}

// One test, as all tests of a process have the same observers.
#[test]
fn observers_hear_what_came_of_a_commit_that_nobody_waits_for() {
    add_observer(Teller);
    for (fails, answer, told) in [
        (false, Answer::Done, &["committed"][..]),
        (true, Answer::Done, &["committed", "the call fails"]),
        (false, Answer::Lost, &["unknown"]),
        (false, Answer::Ended, &["unknown"]),
        (false, Answer::Panic, &["unknown"]),
    ] {
        let database = Database::new().pausing(1).on(Step::Commit, answer);
        let pool = database.pool();
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        runtime.unwrap().block_on(async {
            let mut future = Box::pin(block(&pool, fails));
            while database.count("insert 1") == 0 {
                assert!(poll_once(future.as_mut()).is_pending());
            }
            // Once more, to where COMMIT is about to be sent.
            assert!(poll_once(future.as_mut()).is_pending());
            drop(future);
            settle().await;
        });
        assert_eq!(database.count("commit"), 1, "{database:?}");
        let heard = std::mem::take(&mut *TOLD.lock().unwrap());
        assert_eq!(heard, told, "{answer:?}: {database:?}");
    }
}

//! sea-orm on databases that are servers: what it costs.

use commit_on_success::commit_on_success;
use commit_on_success_tests::proxy::{Gate, Proxy};

use crate::driver::{self, Source};
use crate::support::Failure;

#[commit_on_success]
async fn nothing(db: &impl Source) -> Result<(), Failure> {
    driver::execute(db, "SELECT 1").await?;
    Ok(())
}

#[commit_on_success]
async fn fails(db: &impl Source) -> Result<(), Failure> {
    driver::execute(db, "SELECT 1").await?;
    Err(Failure::body("no"))
}

#[commit_on_success]
async fn nests(db: &impl Source) -> Result<(), Failure> {
    nothing(db).await?;
    fails(db).await.unwrap_err();
    Ok(())
}

/// How often a future waits for an answer, on a connection that is alive, which the pool asks first.
macro_rules! answers {
    ($db:expr, $block:ident) => {{
        let mut messages = 0;
        loop {
            let proxy = Proxy::to($db.server()).await.unwrap();
            let pool = $db.through(proxy.address()).pool(1).await;
            let gate = &proxy.requests;
            gate.hold();
            let done = tokio::select! {
                biased;
                _ = $block(&pool) => true,
                () = pass(gate, messages) => false,
            };
            gate.open();
            if done {
                break messages - PING;
            }
            messages += 1;
        }
    }};
}

async fn pass(gate: &Gate, messages: usize) {
    for _ in 0..messages {
        gate.holding().await;
        gate.release();
    }
    gate.holding().await;
}

const PING: usize = 1;

// 29
#[tokio::test]
async fn a_block_waits_for_the_answers_to_begin_and_to_commit_and_for_no_other() {
    let Some(db) = driver::open().await else {
        return;
    };
    assert_eq!(answers!(db, nothing), 3);
    assert_eq!(answers!(db, fails), 3);
    // Each of the two inner ones has a savepoint, a statement and an end.
    assert_eq!(answers!(db, nests), 8);
}

//! Random programs of nested blocks in a transaction that was begun by hand.

use std::sync::atomic::Ordering;

use commit_on_success::commit_on_success;
use commit_on_success_tests::model::{Around, Block, Caught, Propagation, Step};

use super::model::{Deferring, World, ended, register, run_all, said};
use crate::driver::{self, ByHand, Database};
use crate::support::Failure;

#[commit_on_success]
async fn nested_by_hand(conn: ByHand<'_, '_>, world: &World, block: &Block) -> Result<(), Failure> {
    steps_by_hand(conn, world, block).await
}

#[commit_on_success(propagation = required)]
async fn required_by_hand(
    conn: ByHand<'_, '_>,
    world: &World,
    block: &Block,
) -> Result<(), Failure> {
    steps_by_hand(conn, world, block).await
}

#[commit_on_success(propagation = mandatory)]
async fn mandatory_by_hand(
    conn: ByHand<'_, '_>,
    world: &World,
    block: &Block,
) -> Result<(), Failure> {
    steps_by_hand(conn, world, block).await
}

#[commit_on_success(propagation = durable)]
async fn durable_by_hand(
    conn: ByHand<'_, '_>,
    world: &World,
    block: &Block,
) -> Result<(), Failure> {
    steps_by_hand(conn, world, block).await
}

/// The steps of a program on such a transaction, which not every driver lends as a connection.
async fn steps_by_hand(conn: ByHand<'_, '_>, world: &World, block: &Block) -> Result<(), Failure> {
    let mut locals = Vec::new();
    for step in &block.steps {
        match step {
            Step::DeferAtEnd => locals.push(Deferring(world.clone())),
            Step::Insert => {
                let number = world.number();
                if let Err(error) = driver::insert(conn, number).await {
                    world.numbers.fetch_sub(1, Ordering::Relaxed);
                    return Err(error.into());
                }
            }
            Step::Swallow => {
                driver::insert(conn, 0).await.unwrap_err();
            }
            Step::Block(block, Caught::No) => inner_by_hand(conn, world, block).await?,
            Step::Block(block, Caught::Yes) => {
                let result = driver::caught!(inner_by_hand(conn, world, block));
                world.journal.note(format!("caught {}", said(result)));
            }
            other => register(world, other).await,
        }
    }
    let number = world.number();
    ended(block.end, number)
}

async fn inner_by_hand(conn: ByHand<'_, '_>, world: &World, block: &Block) -> Result<(), Failure> {
    match block.propagation {
        Propagation::Nested => driver::boxed!(nested_by_hand(conn, world, block)),
        Propagation::Required => driver::boxed!(required_by_hand(conn, world, block)),
        Propagation::Mandatory => driver::boxed!(mandatory_by_hand(conn, world, block)),
        Propagation::Durable => driver::boxed!(durable_by_hand(conn, world, block)),
    }
}

/// Runs a program in a transaction that is begun and committed by hand.
pub(super) async fn run(db: &Database, world: &World, program: &Block) -> String {
    let mut conn = db.connect().await;
    let mut by_hand = driver::begin_by_hand(&mut conn).await;
    let result = driver::caught!(nested_by_hand(driver::lend!(by_hand), world, program));
    let result = said(result);
    driver::commit_by_hand(by_hand).await;
    result
}

#[crate::driver::test]
async fn random_programs_in_a_transaction_begun_by_hand_do_what_the_model_says() {
    run_all(Around::Somebody, "random programs begun by hand").await;
}

//! A block is as many messages to the server as the same by hand, with every driver of a server. A proxy counts them.
#![allow(missing_docs, reason = "a test program")]
#![allow(clippy::unwrap_used, reason = "a failed test says where")]

#[path = "messages/drivers.rs"]
mod drivers;
#[path = "messages/handles.rs"]
mod handles;
#[path = "messages/stage.rs"]
mod stage;
#[path = "messages/transaction.rs"]
mod transaction;

use std::time::Duration;

use sqlx::{MySql, Postgres};
use stage::{OfServer, Stage};
use transaction::{Place, Shape, Way};

const SHAPES: [Shape; 5] = [
    Shape::Commits,
    Shape::Fails,
    Shape::TakesBack,
    Shape::Nested,
    Shape::NestedFails,
];

/// sqlx-mysql sends the rollback that is queued, and waits for its answer, before it pings.
const BEFORE_A_PING: usize = 1;

macro_rules! tests {
    ($runtime:tt $($name:ident: $place:ident::$driver:ident, $database:ty, unheard: $unheard:expr;)*) => {$(
        mod $name {
            use super::*;

            #[commit_on_success_test_macros::server_test(flavor = $runtime)]
            async fn a_block_takes_as_many_messages_as_the_same_by_hand() {
                let stage = Stage::<$database>::open().await;
                let mut place = $place::$driver::open(stage.address()).await.unwrap();
                compare(&stage, &mut place, $unheard).await;
                place.leave();
            }
        }
    )*};
}

// Nothing else runs until the caller has counted what it has waited for.
tests! {
    "current_thread"
    sqlx_postgres: drivers::sqlx_postgres, Postgres, unheard: 0;
    sqlx_postgres_by_handle: handles::sqlx_postgres, Postgres, unheard: 0;
    sqlx_mysql: drivers::sqlx_mysql, MySql, unheard: BEFORE_A_PING;
    sqlx_mysql_by_handle: handles::sqlx_mysql, MySql, unheard: BEFORE_A_PING;
    sea_orm_postgres: drivers::sea_orm_postgres, Postgres, unheard: 0;
    sea_orm_postgres_by_handle: handles::sea_orm_postgres, Postgres, unheard: 0;
    sea_orm_mysql: drivers::sea_orm_mysql, MySql, unheard: BEFORE_A_PING;
    sea_orm_mysql_by_handle: handles::sea_orm_mysql, MySql, unheard: BEFORE_A_PING;
    tokio_postgres: drivers::tokio_postgres_client, Postgres, unheard: 0;
    deadpool_postgres: drivers::deadpool_postgres_pool, Postgres, unheard: 0;
    diesel_async_postgres: drivers::diesel_async_postgres, Postgres, unheard: 0;
    diesel_async_mysql: drivers::diesel_async_mysql, MySql, unheard: 0;
}

// A call keeps its thread, and the proxy needs another one.
tests! {
    "multi_thread"
    postgres: drivers::postgres_client, Postgres, unheard: 0;
    diesel_postgres: drivers::diesel_postgres, Postgres, unheard: 0;
    diesel_mysql: drivers::diesel_mysql, MySql, unheard: 0;
}

/// The messages of a transaction.
#[derive(Debug, PartialEq)]
struct Messages {
    /// Those that its caller has waited for.
    heard: usize,
    /// Those that were sent until everything was at rest.
    sent: usize,
}

/// Holds each shape of a block against the same by hand. `unheard` is the number of messages that are sent in addition,
/// and that nobody waits for.
async fn compare<DB: OfServer>(stage: &Stage<DB>, place: &mut impl Place, unheard: usize) {
    // Prepares the statement.
    count(stage, place, (Way::ByHand, Shape::Nested, 1)).await;
    for (shape, id) in SHAPES.into_iter().zip([10, 20, 30, 40, 50]) {
        let by_hand = count(stage, place, (Way::ByHand, shape, id)).await;
        let block = count(stage, place, (Way::Annotated, shape, id + 5)).await;
        println!("{shape:?}: {block:?}, by hand {by_hand:?}");
        let Messages { heard, sent } = by_hand;
        let sent = sent + unheard;
        // Some do not release a savepoint that they have rolled back to, so that it is one message for them too.
        assert_eq!(block, Messages { heard, sent }, "{shape:?}");
    }
    let stored = [1, 2, 10, 15, 40, 41, 45, 46, 50, 55];
    assert_eq!(stage.stored().await, stored);
}

async fn count<DB: OfServer>(
    stage: &Stage<DB>,
    place: &mut impl Place,
    (way, shape, id): (Way, Shape, i64),
) -> Messages {
    let before = stage.arrived();
    let ended = place.run(way, shape, id).await;
    let heard = stage.arrived() - before;
    assert_eq!(
        ended.is_err(),
        (way, shape) == (Way::Annotated, Shape::Fails),
        "{ended:?}"
    );
    while !place.is_idle() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let sent = stage.arrived() - before;
    stage.nothing_is_open().await;
    Messages { heard, sent }
}

//! A block is as many messages to the server as the same by hand, with every driver of a server. A proxy counts them.
#![allow(missing_docs, reason = "a test program")]
#![allow(clippy::unwrap_used, reason = "a failed test says where")]

#[path = "messages/drivers.rs"]
mod drivers;
#[path = "messages/stage.rs"]
mod stage;

use std::time::Duration;

use anyhow::Result;
use stage::{OfServer, Stage};

/// The shape of a transaction.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Shape {
    Commits,
    Fails,
    TakesBack,
    Nested,
    NestedFails,
}

const SHAPES: [Shape; 5] = [
    Shape::Commits,
    Shape::Fails,
    Shape::TakesBack,
    Shape::Nested,
    Shape::NestedFails,
];

impl Shape {
    fn is_stored(self) -> bool {
        !matches!(self, Self::Fails | Self::TakesBack)
    }

    fn is_nested(self) -> bool {
        matches!(self, Self::Nested | Self::NestedFails)
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Way {
    ByHand,
    Annotated,
}

/// A connection of a driver, or a pool of one, that leads through a proxy.
trait Place {
    async fn run(&mut self, way: Way, shape: Shape, id: i64) -> Result<()>;

    /// Whether nothing more is sent, as a pool does when it takes a connection back.
    fn is_idle(&self) -> bool;
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

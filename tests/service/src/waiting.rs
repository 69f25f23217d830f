//! The memory of requests that wait for a connection.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use anyhow::{Result, ensure};
use tokio::task::yield_now;

use crate::memory::heap;
use crate::options::Options;
use crate::order::{Audit, End, Order};
use crate::stand::Stand;
use crate::store::{Backend, Store, Visitor, Way};

/// The longest that the service may take to become quiet.
const PATIENCE: Duration = Duration::from_secs(15);

/// The bytes on the heap that a request has which waits for a connection of its pool, where all of its connections are
/// in use: of its task and of its place in the queue.
///
/// On a runtime of a single thread the figure does not depend on the moment; [`crate::memory::COUNTING`] has to be the
/// program's allocator.
///
/// # Errors
///
/// When the database cannot be had, or nobody counts.
pub async fn bytes_of_one(
    options: &Options,
    backend: Backend,
    way: Way,
    requests: u32,
) -> Result<f64> {
    let stand = Stand::open(options, backend, way, None).await?;
    let held = stand.pool().hold().await?;
    let queue = Queue { requests };
    let bytes = stand.pool().visit(way, stand.effects(), queue).await?;
    drop(held);
    stand.close(PATIENCE).await?;
    ensure!(bytes > 0, "nobody counts the bytes on the heap");
    Ok(f64::from(bytes) / f64::from(requests))
}

/// Tasks whose orders wait.
struct Queue {
    requests: u32,
}

impl Visitor for Queue {
    type Output = Result<i32>;

    /// The first queue leaves behind what is made once: the second is counted.
    async fn visit<S: Store>(self, store: S) -> Result<i32> {
        wait(&store, self.requests, 1).await?;
        wait(&store, self.requests, 1 + i64::from(self.requests)).await
    }
}

/// The bytes that the heap grows by.
async fn wait<S: Store>(store: &S, requests: u32, first: i64) -> Result<i32> {
    static BEGUN: AtomicU32 = AtomicU32::new(0);
    BEGUN.store(0, Ordering::Relaxed);
    let mut tasks = Vec::with_capacity(requests as usize);
    let before = heap();
    for id in first..first + i64::from(requests) {
        let store = store.clone();
        tasks.push(tokio::spawn(async move {
            BEGUN.fetch_add(1, Ordering::Relaxed);
            store.place(order(id)).await
        }));
    }
    while BEGUN.load(Ordering::Relaxed) < requests {
        yield_now().await;
    }
    // For whoever begins to wait in a later poll than the first.
    for _ in 0..requests {
        yield_now().await;
    }
    let bytes = heap() - before;
    let placed = tasks.iter().filter(|task| task.is_finished()).count();
    ensure!(placed == 0, "{placed} requests have not waited");
    for task in tasks {
        task.abort();
        // Cancelled, which it says.
        let _ = task.await;
    }
    Ok(i32::try_from(bytes)?)
}

fn order(id: i64) -> Order {
    Order {
        id,
        item: 1,
        end: End::Commit,
        audit: Audit::Kept,
    }
}

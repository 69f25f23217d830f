//! Tells the workers of other processes what is stored in this one.

use std::collections::BTreeSet;
use std::mem;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use commit_on_success::jobs::{Listener, on_stored};
use riverqueue::serde_json;
use tokio::runtime::Handle;
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use crate::Error;
use crate::database::JobPool;

/// The time after one word and before the next: workers, with their usual settings, do not look more often than that.
const PAUSE: Duration = Duration::from_millis(2);

/// Tells the workers of other processes that a transaction of this one has stored jobs, so that they need not wait for their next look at
/// the table.
///
/// A notifier speaks after the commit, on a connection of its own, and once for all commits that came while it last spoke and in the two
/// milliseconds after that: a notification in the transaction would have PostgreSQL commit one transaction after the other. A word that is
/// lost costs its job the time until that look, and no more.
///
/// It hears of all jobs that this process stores, in whichever database, and speaks in one.
///
/// For programs that store jobs which others run. The workers of the same process need none. Dropped, it is silent.
#[derive(Debug)]
#[must_use = "it tells nobody any more once it is dropped"]
pub struct Notifier {
    listener: Option<Listener>,
    speaker: JoinHandle<()>,
    news: Arc<News>,
}

/// Queues that others have not yet been told of.
#[derive(Debug, Default)]
struct News {
    queues: Mutex<BTreeSet<String>>,
    came: Notify,
    is_last: AtomicBool,
}

impl News {
    fn add(&self, queue: &str) {
        let mut queues = self.queues.lock().unwrap_or_else(PoisonError::into_inner);
        if !queues.contains(queue) {
            queues.insert(queue.to_owned());
        }
        drop(queues);
        self.came.notify_one();
    }

    fn take(&self) -> BTreeSet<String> {
        let mut queues = self.queues.lock().unwrap_or_else(PoisonError::into_inner);
        mem::take(&mut *queues)
    }
}

impl Notifier {
    /// Tells them from now on, in the database of this pool, on a connection that is opened with the pool's options.
    ///
    /// # Errors
    ///
    /// [`Error::NoRuntime`] outside of a tokio runtime.
    ///
    /// ```
    /// # #[cfg(feature = "postgres")]
    /// # async fn example(url: &str) -> anyhow::Result<()> {
    /// use commit_on_success_worker::Notifier;
    ///
    /// let pool = sqlx::PgPool::connect(url).await?;
    /// let notifier = Notifier::start(&pool)?;
    /// // … as long as the program stores jobs:
    /// notifier.shutdown().await;
    /// # Ok(())
    /// # }
    /// ```
    pub fn start<P: JobPool>(pool: &P) -> Result<Self, Error> {
        let runtime = Handle::try_current().map_err(|_| Error::NoRuntime)?;
        let news = Arc::new(News::default());
        let heard = Arc::clone(&news);
        let listener = on_stored(move |queue| heard.add(queue));
        let (own, told) = (pool.apart(), Arc::clone(&news));
        let speaker = runtime.spawn(async move {
            let mut is_last = false;
            while !is_last {
                told.came.notified().await;
                // Read ahead of the news: whatever came before the end is among them.
                is_last = told.is_last.load(Ordering::Acquire);
                tell(&own, &told).await;
                tokio::time::sleep(PAUSE).await;
            }
        });
        Ok(Self {
            listener: Some(listener),
            speaker,
            news,
        })
    }

    /// Tells what it has heard of, and is silent from then on.
    ///
    /// # Cancel safety
    ///
    /// Dropped, it is as if the notifier was dropped: others find the jobs at their next look.
    pub async fn shutdown(mut self) {
        self.listener = None;
        self.news.is_last.store(true, Ordering::Release);
        self.news.came.notify_one();
        // An error would be that of a runtime that has ended.
        let _ = (&mut self.speaker).await;
    }
}

impl Drop for Notifier {
    fn drop(&mut self) {
        self.speaker.abort();
    }
}

async fn tell<P: JobPool>(pool: &P, news: &News) {
    for queue in news.take() {
        let payload = serde_json::json!({ "queue": queue }).to_string();
        // Whom it does not reach finds the job at its next look.
        let _ = pool.notify(&payload).await;
    }
}

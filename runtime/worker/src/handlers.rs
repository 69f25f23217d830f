//! Handlers, each of which runs the jobs of one kind.

#[cfg(feature = "testing")]
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::panic::resume_unwind;
use std::sync::Arc;
use std::time::Instant;

use commit_on_success::jobs::Job;
use riverqueue::serde_json::{self, value::RawValue};
use riverqueue::{JobArgs, WorkCancelled, WorkContext, WorkOutcome, Workers};
use serde::{Deserialize, Serialize};
use tokio::task::{JoinHandle, spawn_blocking};

use crate::error::Failure;
#[cfg(feature = "testing")]
use crate::testing::call::Call;
use crate::{BoxError, Context, Error};

/// The handlers of a worker, one for each kind of jobs.
///
/// ```
/// use commit_on_success::jobs::Job;
/// use commit_on_success_worker::{Context, Handlers};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Serialize, Deserialize)]
/// struct IndexObject {
///     id: i64,
/// }
///
/// impl Job for IndexObject {
///     const KIND: &'static str = "index_object";
/// }
///
/// async fn index_object(_: Context, job: IndexObject) -> anyhow::Result<()> {
///     println!("object {} is indexed", job.id);
///     Ok(())
/// }
///
/// let handlers = Handlers::new().handle(index_object);
/// # let _ = handlers;
/// ```
#[derive(Clone, Default)]
#[must_use = "a worker is started with it"]
pub struct Handlers {
    workers: Workers,
    queues: BTreeSet<&'static str>,
    wrong: Option<Wrong>,
    #[cfg(feature = "testing")]
    calls: BTreeMap<&'static str, Call>,
}

/// The first mistake, which is told when a worker starts.
#[derive(Clone, Copy, Debug)]
enum Wrong {
    HandledTwice(&'static str),
    KindName(&'static str),
    QueueName(&'static str),
}

impl fmt::Debug for Handlers {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Handlers")
            .field("kinds", &self.workers.kinds())
            .field("queues", &self.queues)
            .finish_non_exhaustive()
    }
}

impl Handlers {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Has jobs of one kind run by `handler`, an `async fn(Context, J) -> Result<(), E>`.
    ///
    /// An `Err` and a panic are failures of the attempt, which is repeated later, with growing delays, up to [`Job::ATTEMPTS`]. So is
    /// a stored job that cannot be read any more. A handler may run more than once for a job, if a process dies while it
    /// runs: see [`Context::complete`].
    ///
    /// That a kind has two handlers is an error when a worker starts.
    pub fn handle<J, E, F, Fut>(mut self, handler: F) -> Self
    where
        J: Job,
        E: Into<BoxError>,
        F: Fn(Context, J) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), E>> + Send,
    {
        let handler = Arc::new(handler);
        #[cfg(feature = "testing")]
        self.calls.insert(J::KIND, Call::of(Arc::clone(&handler)));
        if self.workers.kinds().contains(&J::KIND) {
            self.wrong.get_or_insert(Wrong::HandledTwice(J::KIND));
            return self;
        }
        let added = self
            .workers
            .add_fn(move |context, job| run(Arc::clone(&handler), context, job));
        if added.is_err() {
            self.wrong.get_or_insert(Wrong::KindName(J::KIND));
        }
        if !is_queue_name(J::QUEUE) {
            self.wrong.get_or_insert(Wrong::QueueName(J::QUEUE));
        }
        self.queues.insert(J::QUEUE);
        self
    }

    /// [`handle`](Self::handle) for a function that blocks, as those of sync drivers do: it is called on a thread for such calls.
    ///
    /// One that outlives [`Settings::job_timeout`](crate::Settings::job_timeout), or a worker that is dropped, cannot be stopped. It goes on, while its
    /// attempt is over and the next one may begin.
    ///
    /// ```
    /// # use commit_on_success::jobs::Job;
    /// # use commit_on_success_worker::{Context, Handlers};
    /// # use serde::{Deserialize, Serialize};
    /// # #[derive(Serialize, Deserialize)]
    /// # struct Mail {
    /// #     id: i64,
    /// # }
    /// # impl Job for Mail {
    /// #     const KIND: &'static str = "mail";
    /// # }
    /// fn send(_: Context, mail: Mail) -> std::io::Result<()> {
    ///     std::fs::write("outbox", mail.id.to_string())
    /// }
    ///
    /// let handlers = Handlers::new().handle_blocking(send);
    /// # let _ = handlers;
    /// ```
    pub fn handle_blocking<J, E, F>(self, handler: F) -> Self
    where
        J: Job,
        E: Into<BoxError>,
        F: Fn(Context, J) -> Result<(), E> + Send + Sync + 'static,
    {
        let handler = Arc::new(handler);
        #[cfg(all(feature = "testing", feature = "rusqlite"))]
        let blocking = Arc::clone(&handler);
        let handlers = self.handle(move |context, job: J| {
            let handler = Arc::clone(&handler);
            let call = move || handler(context, job).map_err(Into::into);
            returned(spawn_blocking(call))
        });
        #[cfg(all(feature = "testing", feature = "rusqlite"))]
        let handlers = handlers.that_blocks(blocking);
        handlers
    }

    /// Has sync tests call the handler of a kind on their own thread.
    #[cfg(all(feature = "testing", feature = "rusqlite"))]
    fn that_blocks<J, E, F>(mut self, handler: Arc<F>) -> Self
    where
        J: Job,
        E: Into<BoxError>,
        F: Fn(Context, J) -> Result<(), E> + Send + Sync + 'static,
    {
        self.calls
            .entry(J::KIND)
            .and_modify(|call| call.blocks(handler));
        self
    }

    /// The way in which tests call the handler of a kind.
    #[cfg(feature = "testing")]
    pub(crate) fn call(&self, kind: &str) -> Option<&Call> {
        self.calls.get(kind)
    }

    /// The handlers, if they are such that a worker can have them.
    pub(crate) fn check(&self) -> Result<(), Error> {
        match self.wrong {
            Some(Wrong::HandledTwice(kind)) => Err(Error::HandledTwice { kind }),
            Some(Wrong::KindName(kind)) => Err(Error::KindName { kind }),
            Some(Wrong::QueueName(queue)) => Err(Error::QueueName { queue }),
            None if self.queues.is_empty() => Err(Error::NoHandlers),
            None => Ok(()),
        }
    }

    pub(crate) fn workers(&self) -> Workers {
        self.workers.clone()
    }

    pub(crate) fn kinds(&self) -> Vec<&'static str> {
        self.workers.kinds()
    }

    /// The queues that the kinds wait in.
    pub(crate) fn queues(&self) -> impl Iterator<Item = &'static str> {
        self.queues.iter().copied()
    }
}

/// The result of a call on another thread, whose panic goes on here.
async fn returned(call: JoinHandle<Result<(), BoxError>>) -> Result<(), BoxError> {
    match call.await {
        Ok(result) => result,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => resume_unwind(panic),
            Err(error) => Err(error.into()),
        },
    }
}

/// Whether River has a queue of this name.
fn is_queue_name(name: &str) -> bool {
    let words = || name.split(['_', '-', '|']);
    let is_plain = |char: char| char.is_ascii_lowercase() || char.is_ascii_digit();
    name.len() <= 64 && words().all(|word| !word.is_empty() && word.chars().all(is_plain))
}

/// A job as it is stored: River wants arguments that threads can share, which a [`Job`] need not be.
#[derive(Serialize, Deserialize)]
#[serde(transparent, bound = "")]
struct Stored<J> {
    json: Box<RawValue>,
    #[serde(skip)]
    job: PhantomData<fn() -> J>,
}

impl<J: Job> JobArgs for Stored<J> {
    const KIND: &'static str = J::KIND;
}

/// The job that JSON stands for.
pub(crate) fn decode<J: Job>(json: &str) -> Result<J, Error> {
    serde_json::from_str(json).map_err(|source| Error::Arguments {
        kind: J::KIND,
        source: source.into(),
    })
}

async fn run<J, E, F, Fut>(
    handler: Arc<F>,
    context: WorkContext,
    job: riverqueue::Job<Stored<J>>,
) -> Result<WorkOutcome, BoxError>
where
    J: Job,
    E: Into<BoxError>,
    F: Fn(Context, J) -> Fut,
    Fut: Future<Output = Result<(), E>>,
{
    let arguments = decode(job.args.json.get())?;
    let started = Instant::now();
    let work = handler(Context::new(&job.row), arguments);
    // Dropped at once when it is to stop: River waits ten seconds for it to end by itself.
    let worked = context.cancellation_token().run_until_cancelled(work).await;
    match worked {
        Some(result) => result.map(|()| WorkOutcome::Complete).map_err(Into::into),
        None => Err(Failure::Stopped {
            after: started.elapsed(),
            source: WorkCancelled,
        }
        .into()),
    }
}

#[cfg(all(test, feature = "sqlite"))]
#[allow(clippy::unwrap_used, reason = "a failed test says where")]
mod tests {
    use riverqueue::{Client, QueueConfig};

    use super::is_queue_name;

    #[tokio::test]
    async fn the_names_of_queues_are_those_that_river_takes() {
        let pool = sqlx::SqlitePool::connect_lazy("sqlite::memory:").unwrap();
        let long = "a".repeat(64);
        let longer = "a".repeat(65);
        for name in [
            "default", "7", "a_b-c|d", &long, &longer, "", "_a", "a_", "a__b", "a-_b", "Mail",
            "a b", "ü", "a.b",
        ] {
            let client = Client::builder(pool.clone()).build().unwrap();
            let river = client.local_queues().add(name, QueueConfig::new(1));
            let is_refused = river.unwrap_err().to_string().contains("queue name");
            assert_eq!(is_queue_name(name), !is_refused, "{name:?}");
        }
    }
}

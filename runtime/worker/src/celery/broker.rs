//! What takes tasks for Celery, and the handler that publishes them.

use std::sync::Arc;

use super::{Error, Task};
use crate::{Context, Handlers};

/// A broker of Celery's: RabbitMQ (feature `celery-amqp`) or Redis (feature `celery-redis`).
pub trait Broker: sealed::Broker {}

impl<B: sealed::Broker> Broker for B {}

impl Handlers {
    /// Has the tasks of Celery published to a broker; see [`celery`](crate::celery).
    ///
    /// A broker that is away, or does not take a task, is a failure of the attempt, which is repeated later.
    ///
    /// # Cancel safety
    ///
    /// An attempt that is dropped half-way may have published its task. The next one publishes it once more, with the same
    /// [`id`](Task::id).
    ///
    /// ```
    /// # #[cfg(feature = "celery-amqp")]
    /// # fn example() -> anyhow::Result<()> {
    /// use commit_on_success_worker::{Handlers, celery};
    ///
    /// let broker = celery::Amqp::open("amqp://guest:guest@localhost//")?;
    /// let handlers = Handlers::new().celery(broker);
    /// # let _ = handlers;
    /// # Ok(())
    /// # }
    /// ```
    pub fn celery<B: Broker>(self, broker: B) -> Self {
        let broker = Arc::new(broker);
        self.handle(move |_: Context, task: Task| {
            let broker = Arc::clone(&broker);
            async move { broker.publish(task).await }
        })
    }
}

pub(super) mod sealed {
    use super::{Error, Task};

    pub trait Broker: Send + Sync + 'static {
        /// Publishes a task, and returns when the broker has taken it.
        fn publish(&self, task: Task) -> impl Future<Output = Result<(), Error>> + Send;
    }
}

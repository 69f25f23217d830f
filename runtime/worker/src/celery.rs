//! Tasks of [Celery](https://docs.celeryq.dev), which Python runs if and only if the transaction commits.
//!
//! A task is stored by [`enqueue!`](commit_on_success::enqueue) as any other job. A worker of this crate publishes it as a message of
//! Celery's protocol 2, to RabbitMQ (feature `celery-amqp`) or Redis (feature `celery-redis`), from where Celery's own workers have it:
//!
//! ```
//! # #[cfg(all(feature = "celery-amqp", feature = "sqlite"))]
//! # mod example {
//! use commit_on_success::{commit_on_success, enqueue};
//! use commit_on_success_worker::{Handlers, Settings, Worker, celery};
//! use sqlx::{SqlitePool, query};
//!
//! #[commit_on_success(tx = pool)]
//! async fn update_object(pool: &SqlitePool, id: i64, title: &str) -> anyhow::Result<()> {
//!     query("UPDATE object SET title = ? WHERE id = ?").bind(title).bind(id).execute(&mut *tx).await?;
//!     enqueue!(tx, celery::task("tasks.index_object", (id, title))).await?;
//!     Ok(())
//! }
//!
//! async fn start(pool: &SqlitePool) -> anyhow::Result<Worker> {
//!     let broker = celery::Amqp::open("amqp://guest:guest@localhost//")?;
//!     let handlers = Handlers::new().celery(broker);
//!     Ok(Worker::start(pool.clone(), handlers, &Settings::default()).await?)
//! }
//! # }
//! ```
//!
//! ```python
//! # tasks.py
//! app = Celery("tasks", broker="amqp://guest:guest@localhost//")
//!
//! @app.task
//! def index_object(id, title): ...
//! ```
//!
//! # What becomes of a task
//!
//! | what happens | what becomes of the task |
//! | --- | --- |
//! | the transaction rolls back | nobody ever hears of it |
//! | the process dies after the commit | the next worker publishes it |
//! | no worker of Celery has run yet | its queue is declared as Celery does it, and it waits there |
//! | the broker is away, or refuses it (a full queue, a message that it returns, no memory) | an `Err` of the job, which is tried again as any other is, up to [`Job::ATTEMPTS`](commit_on_success::jobs::Job::ATTEMPTS) |
//! | the process dies after it was published and before its job is done | published once more, with the same [`id`](Task::id) |
//!
//! So a task runs at least once, and has to bear running twice, as it has with Celery's own `acks_late`. RabbitMQ has confirmed it when its job
//! is done. Redis may lose what it has last taken in when it crashes, as far as its `appendfsync` lets it.
//!
//! By then the task belongs to Celery: that it fails, is tried again, or is unknown there is seen in Celery only, and so is its result,
//! which `AsyncResult(id)` has.
//!
//! # What is not there
//!
//! The priority of messages, time limits, exchanges other than the default one, groups, chains, chords, callbacks, results and
//! other serializers than JSON. A task of Celery can have all of these, as it may call others.
//!
//! Connections to RabbitMQ are not encrypted, and `amqps://` is refused. On Redis, the option `global_keyprefix` and queues other than lists are not there either.

#[cfg(feature = "celery-amqp")]
mod amqp;
#[cfg(any(feature = "celery-amqp", feature = "celery-redis"))]
mod broker;
mod error;
#[cfg(any(feature = "celery-amqp", feature = "celery-redis"))]
mod message;
#[cfg(feature = "celery-redis")]
mod redis;
#[cfg(any(feature = "celery-amqp", feature = "celery-redis"))]
mod repr;
mod task;

#[cfg(feature = "celery-redis")]
pub use self::redis::Redis;
#[cfg(feature = "celery-amqp")]
pub use amqp::Amqp;
#[cfg(any(feature = "celery-amqp", feature = "celery-redis"))]
pub use broker::Broker;
pub use error::Error;
pub use task::{Task, task};

//! Errors of tasks, and of brokers that do not take them.

use crate::BoxError;

/// Why a task cannot be stored, or a broker has not taken one.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A task without a name would be found by nobody.
    #[error("a task of Celery needs a name: `celery::task(\"tasks.index_object\", (id,))`")]
    NoName,
    /// Arguments cannot be written as JSON, or read from it as the type that a test wants.
    #[error("the arguments of the task `{task}` cannot be written or read as JSON")]
    Json {
        /// The name of the task.
        task: String,
        /// The reason.
        #[source]
        source: BoxError,
    },
    /// The arguments are no list: a single one was given for all of them, say.
    #[error(
        "the arguments of the task `{task}` are no list: write a tuple, `(id,)` for a single one, or `()`"
    )]
    Arguments {
        /// The name of the task.
        task: String,
    },
    /// The keyword arguments have no names.
    #[error(
        "the keyword arguments of the task `{task}` have no names: write a struct, or a map from strings"
    )]
    KeywordArguments {
        /// The name of the task.
        task: String,
    },
    /// A queue has a name that it cannot have.
    #[error("`{queue}` cannot be the name of a queue of Celery: write 1 to 255 bytes")]
    QueueName {
        /// The name.
        queue: String,
    },
    /// A time is not one of the years that Celery has.
    #[error(
        "the task `{task}` cannot wait until, or expire at, such a time: write one of the years 1970 to 9999"
    )]
    Time {
        /// The name of the task.
        task: String,
    },
    /// The address of a broker cannot be read.
    #[error("the URL of the broker cannot be read: {reason}")]
    Url {
        /// What is wrong with it.
        reason: String,
    },
    /// The broker has no place for a task, and has sent it back.
    #[error("the broker has returned a task for the queue `{queue}`: {reason}")]
    Returned {
        /// The queue.
        queue: String,
        /// What the broker says.
        reason: String,
    },
    /// The broker has refused a task: its queue is full, say.
    #[error("the broker has refused a task for the queue `{queue}`: the queue may be full")]
    Refused {
        /// The queue.
        queue: String,
    },
    /// The broker could not be reached, or has answered with an error.
    #[error("the broker has not taken a task for the queue `{queue}`")]
    Broker {
        /// The queue.
        queue: String,
        /// What the client of the broker says.
        #[source]
        source: BoxError,
    },
}

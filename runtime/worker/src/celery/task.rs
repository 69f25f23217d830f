//! Tasks, and how they are stored.

use std::error::Error as _;
use std::time::{Duration, SystemTime};

use commit_on_success::jobs::Job;
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;
use uuid::Uuid;

use super::Error;

/// The queue of tasks that name none, by Celery's own default.
const DEFAULT_QUEUE: &str = "celery";
/// The longest name of a queue, in bytes.
const LONGEST_QUEUE: usize = 255;

/// A call of a task of Celery: a [`Job`], which is stored by [`enqueue!`](commit_on_success::enqueue).
///
/// All of them are of one kind, `celery`, which no other jobs of the program can be of.
///
/// One that cannot be stored, as its arguments are no list, say, is an `Err` of `enqueue!`; [`check`](Self::check) tells it before.
///
/// ```
/// # #[cfg(feature = "sqlite")]
/// # mod example {
/// use std::time::Duration;
///
/// use commit_on_success::enqueue;
/// use commit_on_success::jobs::Job;
/// use commit_on_success_worker::celery;
/// # use sqlx::SqliteConnection;
/// # async fn example(tx: &mut SqliteConnection) -> anyhow::Result<()> {
///
/// let task = celery::task("tasks.send_mail", (42,)).queue("mail");
/// println!("the result will be that of AsyncResult(\"{}\")", task.id());
/// enqueue!(tx, task.after(Duration::from_secs(60))).await?;
/// # Ok(())
/// # }
/// # }
/// ```
#[derive(Debug)]
#[must_use = "it is stored by `enqueue!`"]
pub struct Task(Result<Call, Error>);

/// A task as its row has it.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Call {
    /// Made with the task and not when it is published: a job that is published twice has one.
    pub(super) id: Uuid,
    pub(super) task: String,
    pub(super) args: Box<RawValue>,
    pub(super) kwargs: Box<RawValue>,
    pub(super) queue: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) eta: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) expires: Option<Timestamp>,
}

/// A call of the task that Celery knows by this name, with positional arguments: a tuple, or something else that is a list in JSON.
///
/// It waits in the queue `celery`, unless another one is named.
///
/// ```
/// use commit_on_success_worker::celery;
///
/// let task = celery::task("tasks.index_object", (7, "Two Generals"));
/// assert_eq!(task.name(), "tasks.index_object");
/// ```
pub fn task<A: Serialize>(name: impl Into<String>, arguments: A) -> Task {
    Task(Call::new(name.into(), &arguments))
}

impl Task {
    /// Has it wait in another queue of Celery's, which is declared where it is not there.
    ///
    /// ```
    /// use commit_on_success_worker::celery;
    ///
    /// let task = celery::task("tasks.send_mail", (42,)).queue("mail");
    /// # let _ = task;
    /// ```
    pub fn queue(self, queue: impl Into<String>) -> Self {
        self.with(|call| {
            let queue = queue.into();
            if queue.is_empty() || queue.len() > LONGEST_QUEUE {
                return Err(Error::QueueName { queue });
            }
            Ok(Call { queue, ..call })
        })
    }

    /// Gives it keyword arguments too: a struct, or a map from strings.
    ///
    /// ```
    /// use std::collections::BTreeMap;
    ///
    /// use commit_on_success_worker::celery;
    ///
    /// let task = celery::task("tasks.index_object", (7,)).kwargs(BTreeMap::from([("force", true)]));
    /// # let _ = task;
    /// ```
    pub fn kwargs<K: Serialize>(self, kwargs: K) -> Self {
        self.with(|call| {
            let kwargs = json(&call.task, &kwargs)?;
            if !kwargs.get().starts_with('{') {
                return Err(Error::KeywordArguments { task: call.task });
            }
            Ok(Call { kwargs, ..call })
        })
    }

    /// Has Celery not run it before this time has passed, from now on.
    ///
    /// Celery's workers keep such tasks in their memory. [`Job::after`] has it wait in the table instead, and published when that is over.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use commit_on_success_worker::celery;
    ///
    /// let task = celery::task("tasks.send_mail", (42,)).countdown(Duration::from_secs(10));
    /// # let _ = task;
    /// ```
    pub fn countdown(self, delay: Duration) -> Self {
        self.with(|call| {
            let eta = Some(later(&call.task, delay)?);
            Ok(Call { eta, ..call })
        })
    }

    /// [`countdown`](Self::countdown), to a point in time.
    ///
    /// ```
    /// use std::time::{Duration, SystemTime};
    ///
    /// use commit_on_success_worker::celery;
    ///
    /// let task = celery::task("tasks.send_mail", (42,)).eta(SystemTime::now() + Duration::from_secs(10));
    /// # let _ = task;
    /// ```
    pub fn eta(self, time: SystemTime) -> Self {
        self.with(|call| {
            let eta = Some(timestamp(&call.task, time)?);
            Ok(Call { eta, ..call })
        })
    }

    /// Has Celery drop it if it has not begun when this time has passed, from now on.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use commit_on_success_worker::celery;
    ///
    /// let task = celery::task("tasks.send_mail", (42,)).expires_in(Duration::from_secs(3600));
    /// # let _ = task;
    /// ```
    pub fn expires_in(self, delay: Duration) -> Self {
        self.with(|call| {
            let expires = Some(later(&call.task, delay)?);
            Ok(Call { expires, ..call })
        })
    }

    /// [`expires_in`](Self::expires_in), at a point in time.
    ///
    /// ```
    /// use std::time::{Duration, SystemTime};
    ///
    /// use commit_on_success_worker::celery;
    ///
    /// let task = celery::task("tasks.send_mail", (42,)).expires(SystemTime::now() + Duration::from_secs(3600));
    /// # let _ = task;
    /// ```
    pub fn expires(self, time: SystemTime) -> Self {
        self.with(|call| {
            let expires = Some(timestamp(&call.task, time)?);
            Ok(Call { expires, ..call })
        })
    }

    /// Its id in Celery, a UUID of its own: what `AsyncResult` is asked by. Empty where the task is one that cannot be stored.
    ///
    /// ```
    /// use commit_on_success_worker::celery;
    ///
    /// assert_eq!(celery::task("tasks.send_mail", (42,)).id().len(), 36);
    /// ```
    #[must_use]
    pub fn id(&self) -> String {
        self.0
            .as_ref()
            .map_or_else(|_| String::new(), |call| call.id.to_string())
    }

    /// The name of the task. Empty where it is one that cannot be stored.
    ///
    /// ```
    /// use commit_on_success_worker::celery;
    ///
    /// assert_eq!(celery::task("tasks.send_mail", (42,)).name(), "tasks.send_mail");
    /// ```
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.as_ref().map_or("", |call| &call.task)
    }

    /// The positional arguments, for tests that look at what was stored.
    ///
    /// # Errors
    ///
    /// [`Error::Json`] where they are not of this type.
    ///
    /// ```
    /// use commit_on_success_worker::celery;
    ///
    /// let task = celery::task("tasks.index_object", (7, "Two Generals"));
    /// assert_eq!(task.decode_args::<(i64, String)>()?, (7, "Two Generals".to_owned()));
    /// # Ok::<_, celery::Error>(())
    /// ```
    pub fn decode_args<A: DeserializeOwned>(&self) -> Result<A, Error> {
        self.decode(|call| &call.args)
    }

    /// The keyword arguments, for tests that look at what was stored.
    ///
    /// # Errors
    ///
    /// [`Error::Json`] where they are not of this type.
    ///
    /// ```
    /// use std::collections::BTreeMap;
    ///
    /// use commit_on_success_worker::celery;
    ///
    /// let task = celery::task("tasks.index_object", (7,));
    /// assert_eq!(task.decode_kwargs::<BTreeMap<String, bool>>()?, BTreeMap::new());
    /// # Ok::<_, celery::Error>(())
    /// ```
    pub fn decode_kwargs<K: DeserializeOwned>(&self) -> Result<K, Error> {
        self.decode(|call| &call.kwargs)
    }

    /// The task, if it is one that can be stored.
    ///
    /// # Errors
    ///
    /// [`Error::NoName`], [`Error::Json`], [`Error::Arguments`], [`Error::KeywordArguments`], [`Error::QueueName`], [`Error::Time`]: the
    /// first mistake.
    ///
    /// ```
    /// use commit_on_success_worker::celery;
    ///
    /// let (id, single) = (7, (7,));
    /// assert!(celery::task("tasks.index_object", single).check().is_ok());
    /// let error = celery::task("tasks.index_object", id).check().unwrap_err();
    /// assert!(matches!(error, celery::Error::Arguments { .. }));
    /// ```
    pub fn check(self) -> Result<Self, Error> {
        self.0.map(|call| Self(Ok(call)))
    }

    #[cfg(any(feature = "celery-amqp", feature = "celery-redis"))]
    pub(super) fn into_call(self) -> Result<Call, Error> {
        self.0
    }

    fn with(self, change: impl FnOnce(Call) -> Result<Call, Error>) -> Self {
        Self(self.0.and_then(change))
    }

    fn decode<T: DeserializeOwned>(&self, part: fn(&Call) -> &RawValue) -> Result<T, Error> {
        let of_task = |source: serde_json::Error| Error::Json {
            task: self.name().to_owned(),
            source: source.into(),
        };
        match &self.0 {
            Ok(call) => serde_json::from_str(part(call).get()).map_err(of_task),
            Err(error) => Err(of_task(serde_json::Error::custom(with_reason(error)))),
        }
    }
}

impl Job for Task {
    const KIND: &'static str = "celery";
}

impl Serialize for Task {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0 {
            Ok(call) => call.serialize(serializer),
            Err(error) => Err(S::Error::custom(with_reason(error))),
        }
    }
}

impl<'de> Deserialize<'de> for Task {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Call::deserialize(deserializer).map(|call| Self(Ok(call)))
    }
}

impl Call {
    fn new<A: Serialize>(task: String, arguments: &A) -> Result<Self, Error> {
        if task.is_empty() {
            return Err(Error::NoName);
        }
        let args = match json(&task, arguments)? {
            list if list.get().starts_with('[') => list,
            // How serde writes `()`.
            none if none.get() == "null" && size_of::<A>() == 0 => json(&task, &[(); 0])?,
            _ => return Err(Error::Arguments { task }),
        };
        Ok(Self {
            id: Uuid::new_v4(),
            args,
            kwargs: json(&task, &serde_json::Map::new())?,
            task,
            queue: DEFAULT_QUEUE.to_owned(),
            eta: None,
            expires: None,
        })
    }
}

/// An error in words, as serde has no place for what lies below.
fn with_reason(error: &Error) -> String {
    match error.source() {
        Some(reason) => format!("{error}: {reason}"),
        None => error.to_string(),
    }
}

fn json<T: Serialize>(task: &str, value: &T) -> Result<Box<RawValue>, Error> {
    serde_json::value::to_raw_value(value).map_err(|source| Error::Json {
        task: task.to_owned(),
        source: source.into(),
    })
}

fn later(task: &str, delay: Duration) -> Result<Timestamp, Error> {
    let time = SystemTime::now().checked_add(delay);
    let time = time.ok_or_else(|| Error::Time {
        task: task.to_owned(),
    })?;
    timestamp(task, time)
}

fn timestamp(task: &str, time: SystemTime) -> Result<Timestamp, Error> {
    match Timestamp::try_from(time) {
        Ok(time) if time >= Timestamp::UNIX_EPOCH => Ok(time),
        _ => Err(Error::Time {
            task: task.to_owned(),
        }),
    }
}

#![doc = include_str!("../docs/jobs.md")]

mod configured;
mod insert;
mod listener;
mod row;
mod target;
mod unstored;

use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

pub use configured::{Configured, Enqueue};
#[doc(hidden)]
pub use insert::{AsyncInsert, Insert, insert, insert_async};
pub(crate) use listener::tell;
pub use listener::{Listener, on_stored};
#[doc(hidden)]
pub use row::Encoded;
#[allow(unused_imports, reason = "used by drivers")]
pub(crate) use row::{Row, Unsupported};
pub use target::Target;
#[doc(hidden)]
pub use target::{ByMut, ByRef, Useless};
#[allow(unused_imports, reason = "each driver is either sync or async")]
pub(crate) use target::{async_target, sync_target};

/// A job that was stored.
///
/// ```
/// # #[cfg(feature = "sqlx-sqlite")] {
/// use commit_on_success::jobs::Job;
/// use commit_on_success::{Error, enqueue};
/// use sqlx::SqliteConnection;
/// # use serde::{Deserialize, Serialize};
/// # #[derive(Serialize, Deserialize)]
/// # struct Mail {
/// #     id: i64,
/// # }
/// # impl Job for Mail {
/// #     const KIND: &'static str = "mail";
/// # }
///
/// async fn number(conn: &mut SqliteConnection) -> Result<i64, Error> {
///     let stored = enqueue!(conn, Mail { id: 1 }).await?;
///     Ok(stored.id())
/// }
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Enqueued {
    id: i64,
}

impl Enqueued {
    /// The number of its row.
    #[must_use]
    pub fn id(self) -> i64 {
        self.id
    }
}

/// A call that can be stored: its arguments, and the name under which its handler is found.
///
/// The name is written out, so that a type may be renamed while jobs of it wait. What was stored by the last release has to be
/// readable by this one: give new fields a default.
///
/// ```
/// use commit_on_success::jobs::Job;
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
/// ```
pub trait Job: Serialize + DeserializeOwned + Send + 'static {
    /// The name of this kind of jobs, of 1 to 127 bytes; another one does not compile where such a job is enqueued.
    const KIND: &'static str;

    /// The queue that they wait in, of 1 to 64 bytes: words of `a` to `z` and digits, with `_`, `-` or `|` between them, as River has
    /// queues. Another one does not compile where such a job is enqueued.
    const QUEUE: &'static str = "default";

    /// How often one is tried before it is given up.
    const ATTEMPTS: u16 = 25;

    /// One that is not run before this time has passed.
    fn after(self, delay: Duration) -> Configured<Self> {
        Configured::new(self).after(delay)
    }

    /// One that is tried so often before it is given up.
    fn attempts(self, attempts: u16) -> Configured<Self> {
        Configured::new(self).attempts(attempts)
    }

    /// One that is run before others that are due, or after them: 1 is the first, 4 the last, and most are of 1.
    fn priority(self, priority: u8) -> Configured<Self> {
        Configured::new(self).priority(priority)
    }
}

#[doc = include_str!("../docs/enqueue.md")]
#[macro_export]
macro_rules! enqueue {
    ($connection:expr, $job:expr $(,)?) => {{
        let job = $crate::__private::jobs::job($job);
        #[allow(unused_imports)]
        use $crate::__private::jobs::connections::*;
        $crate::jobs::Target::enqueue(($connection).target_of_job(), job)
    }};
    ($($anything:tt)*) => {
        ::std::compile_error!(
            "`enqueue!` takes the connection of the block and a job: `enqueue!(tx, Mail { id })`; a call is deferred with `defer!`"
        )
    };
}

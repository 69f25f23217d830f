//! The work that is counted, by name.

use std::fmt;
use std::str::FromStr;

use crate::driver::{Failure, Nothing};
use crate::futures::complete;
use crate::{blocks, calls, futures};

/// One of the two ways in which the same work is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// The attribute and `defer!`.
    Annotated,
    /// Begin and commit in so many words, and calls in a vector.
    ByHand,
    /// The body alone, in no transaction.
    Plain,
}

/// A kind of work. Its size is the number of calls, or of times that a body is pending.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// One sync block.
    Flat,
    /// A sync block in a sync block.
    Nested,
    /// A sync block that joins another one.
    Joined,
    /// A sync block that fails.
    Failed,
    /// One async block.
    FlatLater,
    /// An async block in an async block.
    NestedLater,
    /// An async block that fails.
    FailedLater,
    /// A sync block that defers calls.
    Calls,
    /// An async block that defers async calls.
    CallsLater,
}

type Run = fn(&mut Nothing, usize) -> Result<(), Failure>;

impl Work {
    const ALL: [Self; 9] = [
        Self::Flat,
        Self::Nested,
        Self::Joined,
        Self::Failed,
        Self::FlatLater,
        Self::NestedLater,
        Self::FailedLater,
        Self::Calls,
        Self::CallsLater,
    ];

    /// `None` where there is nothing to compare.
    fn on(self, way: Way) -> Option<Run> {
        match way {
            Way::Annotated => Some(self.annotated()),
            Way::ByHand => Some(self.by_hand()),
            Way::Plain => self.plain(),
        }
    }

    fn annotated(self) -> Run {
        use blocks::annotated as blocks;
        use calls::annotated as calls;
        use futures::annotated as futures;
        match self {
            Self::Flat => |nothing, _| blocks::flat(nothing),
            Self::Nested => |nothing, _| blocks::nested(nothing),
            Self::Joined => |nothing, _| blocks::joined(nothing),
            Self::Failed => |nothing, _| blocks::failed(nothing),
            Self::FlatLater => |nothing, size| complete(futures::flat(nothing, size)),
            Self::NestedLater => |nothing, size| complete(futures::nested(nothing, size)),
            Self::FailedLater => |nothing, size| complete(futures::failed(nothing, size)),
            Self::Calls => calls::calls,
            Self::CallsLater => |nothing, size| complete(calls::calls_later(nothing, size)),
        }
    }

    fn by_hand(self) -> Run {
        use blocks::by_hand as blocks;
        use calls::by_hand as calls;
        use futures::by_hand as futures;
        match self {
            Self::Flat => |nothing, _| blocks::flat(nothing),
            Self::Nested => |nothing, _| blocks::nested(nothing),
            Self::Joined => |nothing, _| blocks::joined(nothing),
            Self::Failed => |nothing, _| blocks::failed(nothing),
            Self::FlatLater => |nothing, size| complete(futures::flat(nothing, size)),
            Self::NestedLater => |nothing, size| complete(futures::nested(nothing, size)),
            Self::FailedLater => |nothing, size| complete(futures::failed(nothing, size)),
            Self::Calls => calls::calls,
            Self::CallsLater => |nothing, size| complete(calls::calls_later(nothing, size)),
        }
    }

    fn plain(self) -> Option<Run> {
        use futures::plain as futures;
        match self {
            Self::FlatLater => Some(|nothing, size| complete(futures::flat(nothing, size))),
            Self::NestedLater => Some(|nothing, size| complete(futures::nested(nothing, size))),
            _ => None,
        }
    }
}

/// Some work, done in one way, in one size.
#[derive(Clone, Copy, Debug)]
pub struct Task {
    /// The kind of work.
    pub work: Work,
    /// The way in which it is done.
    pub way: Way,
    /// The size, in the unit of its [`Work`].
    pub size: usize,
}

impl Task {
    /// Does it a number of times.
    ///
    /// # Errors
    ///
    /// Where there is no such work, or a block failed that was not asked to.
    pub fn run(self, times: usize) -> Result<(), String> {
        let run = self.work.on(self.way).ok_or("there is no such work")?;
        let mut nothing = Nothing::default();
        for _ in 0..times {
            match run(&mut nothing, self.size) {
                Ok(()) | Err(Failure::Asked) => {}
                Err(Failure::Transaction(error)) => return Err(error.to_string()),
            }
        }
        Ok(())
    }
}

/// Three words for a command line.
impl fmt::Display for Task {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { work, way, size } = self;
        write!(formatter, "{work:?} {way:?} {size}")
    }
}

impl FromStr for Task {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let no_such_work = || format!("no such work: {text}");
        let [work, way, size] = text.split(' ').collect::<Vec<_>>()[..] else {
            return Err(no_such_work());
        };
        let works = Work::ALL.into_iter();
        let ways = [Way::Annotated, Way::ByHand, Way::Plain].into_iter();
        Ok(Self {
            work: named(works, work).ok_or_else(no_such_work)?,
            way: named(ways, way).ok_or_else(no_such_work)?,
            size: size.parse().map_err(|_| no_such_work())?,
        })
    }
}

fn named<T: fmt::Debug>(mut known: impl Iterator<Item = T>, name: &str) -> Option<T> {
    known.find(|known| format!("{known:?}") == name)
}

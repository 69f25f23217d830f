//! The end that a cell has to come to, told by a small machine that asks a scripted database of its own, and knows nothing of how the
//! real thing is made.

use std::mem::take;

use super::cells::{After, Calls, Cell, End, Level, Place};
use super::seen::{Fate, RELEASED, Seen};
use crate::scripted::{Answer, Database, Flavour, Step};

mod ends;
mod inner;
mod outermost;

/// The end that is expected of a cell.
#[derive(Debug)]
#[non_exhaustive]
pub struct Expected {
    /// The one way to do it right.
    pub seen: Seen,
    /// The fates that the connection may have.
    pub fates: Vec<Fate>,
    /// Whether `seen` counts; otherwise only what is promised of every transaction does.
    pub is_specified: bool,
    /// The number of failed rollbacks of which nobody but observers can hear.
    pub unheard: usize,
}

/// An error, by what it is called.
#[derive(Clone, Debug)]
struct Fault {
    said: String,
    is_transient: bool,
    /// Whether it says that the database has rolled the transaction back.
    explains: bool,
}

impl Fault {
    fn of(said: &str) -> Self {
        let (is_transient, explains) = (false, false);
        let said = said.to_owned();
        Self {
            said,
            is_transient,
            explains,
        }
    }

    /// With an answer of the driver among its sources.
    fn because_of(said: &str, answer: Answer) -> Self {
        Self {
            said: said.to_owned(),
            is_transient: matches!(answer, Answer::Conflict | Answer::Deadlock),
            explains: answer == Answer::Deadlock,
        }
    }
}

/// The way in which a body or a block goes on in the one that has called it.
#[derive(Clone, Debug)]
enum Flow {
    Ok,
    Err(Fault),
    Panic(String),
    Dropped,
}

impl Flow {
    fn error(said: &str) -> Self {
        Self::Err(Fault::of(said))
    }

    fn of_panic(step: Step) -> Self {
        Self::Panic(format!("the driver panics in {step:?}"))
    }

    fn said(&self) -> String {
        match self {
            Self::Ok => "Ok".to_owned(),
            Self::Err(fault) => fault.said.clone(),
            Self::Panic(text) => format!("panic: {text}"),
            Self::Dropped => "dropped".to_owned(),
        }
    }
}

/// The fate of a block; a choice of causes is left where nobody can say which is right.
#[derive(Clone, Debug)]
enum Verdict {
    Committed,
    Released,
    RolledBack(&'static str),
    Unknown,
}

/// The end of an attempt to undo a block.
enum Undone {
    Yes,
    Disconnected,
    Failed,
    Ended,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Queued {
    Call(&'static str),
    PostCommit(&'static str),
    PostRollback(&'static str),
}

/// All that a body has done so far.
#[derive(Debug, Default)]
struct Frame {
    queue: Vec<Queued>,
    /// Why it can only be rolled back.
    doomed: Option<&'static str>,
    asks_for_rollback: bool,
}

#[expect(
    clippy::struct_excessive_bools,
    reason = "each of them is a fact of its own"
)]
struct Model<'c> {
    cell: &'c Cell,
    database: Database,
    lines: Vec<String>,
    inner: Vec<String>,
    /// Of the blocks around the one that runs, and of that one.
    frames: Vec<Frame>,
    bodies: usize,
    given_up: bool,
    /// Whether it is left open what becomes of an idle connection.
    may_give_up: bool,
    was_taken: bool,
    is_specified: bool,
    unheard: usize,
}

/// The end that a cell has to come to.
#[must_use]
pub fn expected(cell: &Cell) -> Expected {
    let mut model = Model::of(cell);
    let result = if cell.level == Level::Foreign {
        model.database.raw_begin();
        let flow = model.inner_block();
        model.database.raw_commit();
        flow
    } else {
        model.outermost()
    };
    model.expected(&result)
}

impl<'c> Model<'c> {
    fn of(cell: &'c Cell) -> Self {
        Self {
            cell,
            database: cell.database(),
            lines: Vec::new(),
            inner: Vec::new(),
            frames: Vec::new(),
            bodies: 0,
            given_up: false,
            may_give_up: false,
            was_taken: false,
            is_specified: true,
            unheard: 0,
        }
    }

    fn expected(self, result: &Flow) -> Expected {
        let idle = match self.cell.place {
            Place::Owned if !self.was_taken => Fate::Untouched,
            _ => Fate::Idle,
        };
        let (fate, other) = match (self.given_up, self.may_give_up) {
            (true, _) => (Fate::GivenUp, Fate::GivenUp),
            (false, false) => (idle, idle),
            (false, true) => (idle, Fate::GivenUp),
        };
        Expected {
            fates: vec![fate, other],
            is_specified: self.is_specified,
            unheard: self.unheard,
            seen: Seen {
                result: result.said(),
                inner: self.inner,
                lines: self.lines,
                rows: self.database.durable(),
                fate,
                bodies: self.bodies,
                unplayed: self.database.forget_script(),
            },
        }
    }

    fn is_sync(&self) -> bool {
        self.cell.flavour == Flavour::Sync
    }

    fn is_owned(&self) -> bool {
        self.cell.place == Place::Owned
    }

    fn ask(&self, step: Step) -> Result<(), Answer> {
        self.database.ask(step, "savepoint")
    }

    fn tell(&mut self, name: &str, what: &str) {
        self.lines.push(format!("observers: {name} {what}"));
    }

    fn frame(&mut self) -> &mut Frame {
        match self.frames.last_mut() {
            Some(frame) => frame,
            None => unreachable!("a body has a frame"),
        }
    }

    fn enter(&mut self, name: &'static str) {
        let mut frame = Frame::default();
        if self.cell.calls == Calls::Some {
            frame.queue = vec![Queued::Call(name), Queued::PostCommit(name)];
        }
        frame.queue.push(Queued::PostRollback(name));
        self.frames.push(frame);
    }

    fn leave(&mut self) -> Frame {
        match self.frames.pop() {
            Some(frame) => frame,
            None => unreachable!("a body has a frame"),
        }
    }

    /// Marks the block around a nested one that cannot be undone alone.
    fn doom(&mut self, why: &'static str) {
        if let Some(parent) = self.frames.last_mut() {
            parent.doomed.get_or_insert(why);
        }
    }

    /// The end of the body under test.
    fn body_end(&mut self) -> Flow {
        match self.cell.end_of(self.bodies) {
            End::Ok | End::TransientOnce => Flow::Ok,
            End::SetRollback => {
                self.frame().asks_for_rollback = true;
                Flow::Ok
            }
            End::Err => Flow::error("body"),
            End::Transient => self.failed_insert(Answer::Conflict),
            End::Deadlock => self.failed_insert(Answer::Deadlock),
            End::Panic => Flow::Panic("body".to_owned()),
            End::Dropped => Flow::Dropped,
        }
    }

    fn failed_insert(&mut self, answer: Answer) -> Flow {
        self.database.script(Step::Insert, answer);
        let refused = self.database.ask_to_insert(9);
        debug_assert_eq!(refused, Err(answer));
        Flow::Err(Fault::because_of(&format!("{answer:?}"), answer))
    }

    /// Rollback handlers, told of a cause.
    fn run_rollback_handlers(&mut self, queue: Vec<Queued>, cause: &str) {
        for queued in queue {
            if let Queued::PostRollback(name) = queued {
                self.lines.push(format!("post_rollback {name} {cause}"));
            }
        }
    }

    fn run_calls(&mut self, queue: Vec<Queued>) {
        for queued in queue {
            match queued {
                Queued::Call(name) => self.lines.push(format!("call {name}")),
                Queued::PostCommit(name) => self.lines.push(format!("post_commit {name}")),
                Queued::PostRollback(_) => {}
            }
        }
    }
}

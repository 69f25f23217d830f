//! Random programs of nested blocks, and a model that says what has to come of each: by itself, and in a transaction
//! that somebody else has opened.
//!
//! A program is run for real by the contract suite. Numbers are given out in the order in which things
//! happen, so that the model and the real thing agree about them.

use proptest::prelude::*;

/// The end of a body, or of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// With `Ok`.
    Succeeds,
    /// With `Err`.
    Fails,
    /// With a payload.
    Panics,
}

/// The option of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "they are those of the crate")]
pub enum Propagation {
    Nested,
    Required,
    Mandatory,
    Durable,
}

/// A call that is deferred.
#[derive(Clone, Copy, Debug)]
pub enum Call {
    /// Nothing but a note.
    Ends(End),
    /// Defers another one, for which it is too late to wait.
    Defers(End),
    /// Opens a transaction of its own, with a row and a deferred call.
    Stores(End),
}

/// A step of a body.
#[derive(Clone, Debug)]
pub enum Step {
    /// Writes the next row.
    Insert,
    /// A statement fails, and nobody is told.
    Swallow,
    /// Defers a call.
    Defer(Call),
    /// Connects a handler.
    PostCommit(End),
    /// Connects a handler.
    PostRollback,
    /// Keeps a local that defers a call when the body ends, however it does.
    DeferAtEnd,
    /// Asks for a rollback.
    SetRollback,
    /// Runs an inner block.
    Block(Block, Caught),
}

/// The fate of the error or the panic of an inner block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Caught {
    /// The body goes on.
    Yes,
    /// The body ends with it as well.
    No,
}

/// An annotated function.
#[derive(Clone, Debug)]
pub struct Block {
    /// Its option.
    pub propagation: Propagation,
    /// The steps of its body.
    pub steps: Vec<Step>,
    /// And then.
    pub end: End,
}

/// Differences between drivers.
#[derive(Clone, Copy, Debug)]
pub struct Traits {
    /// A statement that fails stops its transaction until it is rolled back, as in PostgreSQL.
    pub failure_aborts: bool,
    /// A panic cannot wait for its savepoint to be rolled back, so the block around it has to be.
    pub panic_dooms: bool,
    /// Whether a nested block is rolled back all the same, so that statements work again.
    pub panic_undoes: bool,
}

/// All that can be seen from outside once a program has ended.
#[derive(Debug, PartialEq, Eq)]
pub struct Seen {
    /// The rows that are stored.
    pub rows: Vec<i64>,
    /// The lines that calls and handlers have written.
    pub journal: Vec<String>,
    /// The result of the outermost block, or its panic.
    pub result: String,
}

/// Programs of up to five levels.
pub fn programs() -> impl Strategy<Value = Block> {
    let inner = step().prop_recursive(4, 48, 6, |step| {
        let caught = prop_oneof![Just(Caught::Yes), Just(Caught::No)];
        let propagation = prop_oneof![
            4 => Just(Propagation::Nested),
            2 => Just(Propagation::Required),
            1 => Just(Propagation::Mandatory),
            1 => Just(Propagation::Durable),
        ];
        (block(propagation, step), caught).prop_map(|(block, caught)| Step::Block(block, caught))
    });
    block(
        Just(Propagation::Nested),
        prop_oneof![1 => step(), 2 => inner],
    )
}

fn block(
    propagation: impl Strategy<Value = Propagation>,
    step: impl Strategy<Value = Step>,
) -> impl Strategy<Value = Block> {
    let steps = prop::collection::vec(step, 0..6);
    (propagation, steps, end()).prop_map(|(propagation, steps, end)| Block {
        propagation,
        steps,
        end,
    })
}

fn step() -> impl Strategy<Value = Step> {
    let call = prop_oneof![
        3 => end().prop_map(Call::Ends),
        1 => end().prop_map(Call::Defers),
        1 => end().prop_map(Call::Stores),
    ];
    prop_oneof![
        6 => Just(Step::Insert),
        1 => Just(Step::Swallow),
        6 => call.prop_map(Step::Defer),
        2 => end().prop_map(Step::PostCommit),
        2 => Just(Step::PostRollback),
        1 => Just(Step::DeferAtEnd),
        1 => Just(Step::SetRollback),
    ]
}

fn end() -> impl Strategy<Value = End> {
    prop_oneof![6 => Just(End::Succeeds), 1 => Just(End::Fails), 1 => Just(End::Panics)]
}

/// The owner of the transaction that a program runs in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Around {
    /// Nobody: its outermost block does.
    Nobody,
    /// Somebody else, by hand, who commits it in the end.
    Somebody,
}

/// Runs a program on the model.
#[must_use]
pub fn expected(program: &Block, around: Around, traits: Traits) -> Seen {
    let mut model = Model {
        traits,
        around,
        numbers: 0,
        stored: Vec::new(),
        written: Vec::new(),
        aborted: false,
        frames: Vec::new(),
        journal: Vec::new(),
    };
    let result = said(&model.run(program));
    model.stored.sort_unstable();
    Seen {
        rows: model.stored,
        journal: model.journal,
        result,
    }
}

/// Why a body went no further.
enum Stop {
    Error(String),
    Panic(String),
}

fn said(result: &Result<(), Stop>) -> String {
    match result {
        Ok(()) => "ok".to_owned(),
        Err(Stop::Error(text) | Stop::Panic(text)) => text.clone(),
    }
}

fn error(text: &str) -> Result<(), Stop> {
    Err(Stop::Error(text.to_owned()))
}

fn ended(end: End, number: i64) -> Result<(), Stop> {
    match end {
        End::Succeeds => Ok(()),
        End::Fails => Err(Stop::Error(format!("{number} failed"))),
        End::Panics => Err(Stop::Panic(format!("{number} panicked"))),
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mark {
    None,
    Rollback,
    Doomed,
}

enum Queued {
    Call(i64, Call),
    PostCommit(i64, End),
    PostRollback(i64),
}

struct Frame {
    /// The number of rows that had been written before it.
    written: usize,
    joined: bool,
    mark: Mark,
    queue: Vec<Queued>,
}

struct Model {
    traits: Traits,
    around: Around,
    numbers: i64,
    stored: Vec<i64>,
    written: Vec<i64>,
    aborted: bool,
    frames: Vec<Frame>,
    journal: Vec<String>,
}

impl Model {
    fn number(&mut self) -> i64 {
        self.numbers += 1;
        self.numbers
    }

    fn run(&mut self, block: &Block) -> Result<(), Stop> {
        let joins = match (self.frames.last(), block.propagation) {
            (None, Propagation::Mandatory) => return error("mandatory"),
            (None, _) => false,
            (Some(_), Propagation::Durable) => return error("durable"),
            (Some(frame), _) if frame.mark == Mark::Doomed => return error("rollback only"),
            (Some(_), Propagation::Nested) if self.aborted => return error("no savepoint"),
            (Some(_), propagation) => propagation != Propagation::Nested,
        };
        self.frames.push(Frame {
            written: self.written.len(),
            joined: joins,
            mark: Mark::None,
            queue: Vec::new(),
        });
        let body = self.body(block);
        let Some(frame) = self.frames.pop() else {
            unreachable!("it was pushed")
        };
        self.end(frame, body)
    }

    fn body(&mut self, block: &Block) -> Result<(), Stop> {
        let mut locals = 0;
        let result = self.steps(block, &mut locals);
        for _ in 0..locals {
            let number = self.number();
            let call = Queued::Call(number, Call::Ends(End::Succeeds));
            self.innermost().queue.push(call);
        }
        result
    }

    fn steps(&mut self, block: &Block, locals: &mut usize) -> Result<(), Stop> {
        for step in &block.steps {
            *locals += usize::from(matches!(step, Step::DeferAtEnd));
            self.step(step)?;
        }
        let number = self.number();
        ended(block.end, number)
    }

    fn step(&mut self, step: &Step) -> Result<(), Stop> {
        match step {
            Step::Insert if self.aborted => return error("the driver failed"),
            Step::Insert => {
                let number = self.number();
                self.written.push(number);
            }
            Step::Swallow => self.aborted |= self.traits.failure_aborts,
            Step::Defer(call) => {
                let number = self.number();
                self.innermost().queue.push(Queued::Call(number, *call));
            }
            Step::PostCommit(end) => {
                let number = self.number();
                self.innermost()
                    .queue
                    .push(Queued::PostCommit(number, *end));
            }
            Step::PostRollback => {
                let number = self.number();
                self.innermost().queue.push(Queued::PostRollback(number));
            }
            Step::SetRollback if self.innermost().mark == Mark::None => {
                self.innermost().mark = Mark::Rollback;
            }
            // The local has its say when the body ends.
            Step::SetRollback | Step::DeferAtEnd => {}
            Step::Block(block, caught) => {
                let result = self.run(block);
                if *caught == Caught::No {
                    return result;
                }
                self.journal.push(format!("caught {}", said(&result)));
            }
        }
        Ok(())
    }

    fn innermost(&mut self) -> &mut Frame {
        match self.frames.last_mut() {
            Some(frame) => frame,
            None => unreachable!("steps run in a block"),
        }
    }

    fn end(&mut self, frame: Frame, body: Result<(), Stop>) -> Result<(), Stop> {
        match (&body, frame.mark) {
            (Err(Stop::Error(_)), _) => self.roll_back(frame, "Error"),
            (Err(Stop::Panic(_)), _) => self.unwind(frame),
            (Ok(()), Mark::Rollback) => self.roll_back(frame, "Requested"),
            (Ok(()), Mark::Doomed) => {
                self.roll_back(frame, "CommitFailed");
                return error("rollback only");
            }
            (Ok(()), Mark::None) if self.would_lose_calls(&frame) => {
                self.roll_back(frame, "CommitFailed");
                return error("not owned");
            }
            (Ok(()), Mark::None) if self.aborted && !frame.joined => {
                self.roll_back(frame, "CommitFailed");
                return error("aborted");
            }
            (Ok(()), Mark::None) => return self.commit(frame.queue),
        }
        body
    }

    /// Whether nobody would run the calls of a block when somebody else commits it.
    fn would_lose_calls(&self, frame: &Frame) -> bool {
        let waits = |queued: &Queued| !matches!(queued, Queued::PostRollback(_));
        self.around == Around::Somebody && self.frames.is_empty() && frame.queue.iter().any(waits)
    }

    fn commit(&mut self, queue: Vec<Queued>) -> Result<(), Stop> {
        if let Some(parent) = self.frames.last_mut() {
            parent.queue.extend(queue);
            return Ok(());
        }
        self.stored.append(&mut self.written);
        match self.around {
            Around::Nobody => self.drain(queue),
            // Handlers of a rollback are all that is left.
            Around::Somebody => Ok(()),
        }
    }

    fn unwind(&mut self, frame: Frame) {
        let undoes = self.traits.panic_undoes && !frame.joined;
        let aborted = self.aborted && !undoes;
        self.roll_back(frame, "Panic");
        if self.traits.panic_dooms
            && let Some(parent) = self.frames.last_mut()
        {
            parent.mark = Mark::Doomed;
            self.aborted = aborted;
        }
    }

    fn roll_back(&mut self, frame: Frame, cause: &str) {
        if frame.joined {
            let parent = self.innermost();
            parent.mark = Mark::Doomed;
            parent.queue.extend(frame.queue);
            return;
        }
        self.written.truncate(frame.written);
        self.aborted = false;
        for queued in frame.queue {
            if let Queued::PostRollback(number) = queued {
                self.journal.push(format!("{number} rolled back: {cause}"));
            }
        }
    }

    fn drain(&mut self, queue: Vec<Queued>) -> Result<(), Stop> {
        let mut failed = 0;
        let mut panicked = Ok(());
        for queued in queue {
            let result = match queued {
                Queued::Call(number, call) => self.call(number, call),
                Queued::PostCommit(number, end) => {
                    self.journal.push(format!("{number} committed"));
                    ended(end, number)
                }
                Queued::PostRollback(_) => Ok(()),
            };
            match result {
                Ok(()) => {}
                Err(Stop::Error(_)) => failed += 1,
                panic if panicked.is_ok() => panicked = panic,
                Err(Stop::Panic(_)) => {}
            }
        }
        panicked?;
        if failed > 0 {
            return error(&format!("{failed} calls failed"));
        }
        Ok(())
    }

    fn call(&mut self, number: i64, call: Call) -> Result<(), Stop> {
        self.journal.push(format!("{number} runs"));
        match call {
            Call::Ends(end) => ended(end, number),
            Call::Defers(end) => {
                let number = self.number();
                self.journal.push(format!("{number} runs at once"));
                match ended(end, number) {
                    // Only observers hear of it.
                    Err(Stop::Error(_)) => Ok(()),
                    other => other,
                }
            }
            Call::Stores(end) => {
                let number = self.number();
                if end == End::Succeeds {
                    self.stored.push(number);
                    self.journal.push(format!("{number} is stored"));
                }
                ended(end, number)
            }
        }
    }
}

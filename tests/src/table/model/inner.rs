//! A block inside of a transaction: a savepoint of a block or of somebody else's transaction, or one that has joined.

use super::{Answer, Fault, Flow, Frame, Level, Model, Queued, RELEASED, Step, Undone, Verdict};

/// The fate of a nested block, and the way in which the body around it goes on.
type Ended = (Verdict, Flow);

const LOST: &str = "SavepointLost";

fn unknown(said: &str) -> Ended {
    (Verdict::Unknown, Flow::error(said))
}

impl Model<'_> {
    pub(super) fn inner_block(&mut self) -> Flow {
        match self.ask(Step::Acquire) {
            Ok(()) => {}
            Err(Answer::Panic) => return Flow::of_panic(Step::Acquire),
            Err(Answer::Never) => return Flow::Dropped,
            Err(answer) => return Flow::Err(Fault::because_of("Begin, RolledBack", answer)),
        }
        if self.cell.level == Level::Joined {
            return self.joined();
        }
        match self.ask(Step::Savepoint) {
            Ok(()) => self.nested(),
            Err(answer @ (Answer::Panic | Answer::Never | Answer::NeverButDone)) => {
                self.interrupted_inside(Step::Savepoint, answer).1
            }
            Err(answer) => Flow::Err(Fault::because_of("NestedBegin, RolledBack", answer)),
        }
    }

    fn joined(&mut self) -> Flow {
        let (body, frame) = self.inner_body();
        let cause = match &body {
            Flow::Ok if frame.asks_for_rollback => "Requested",
            Flow::Ok => {
                self.tell("inner", RELEASED);
                self.hand_over(frame.queue);
                return body;
            }
            Flow::Err(_) => "Error",
            Flow::Panic(_) => "Panic",
            Flow::Dropped => "Cancelled",
        };
        self.tell("inner", &format!("rolled back {cause}"));
        self.doom("Joined");
        self.hand_over(frame.queue);
        body
    }

    fn nested(&mut self) -> Flow {
        let (body, frame) = self.inner_body();
        let would_lose_calls = self.frames.is_empty()
            && frame
                .queue
                .iter()
                .any(|queued| !matches!(queued, Queued::PostRollback(_)));
        let (verdict, flow) = match body {
            Flow::Ok if frame.asks_for_rollback => self.requested_inside(),
            Flow::Ok if would_lose_calls => self.not_owned(),
            Flow::Ok => self.release(),
            Flow::Err(fault) => self.failed_inside("Error", Flow::Err(fault)),
            Flow::Panic(text) if self.is_sync() => self.failed_inside("Panic", Flow::Panic(text)),
            Flow::Panic(_) | Flow::Dropped => self.abandoned(body),
        };
        match verdict {
            Verdict::Released | Verdict::Committed => {
                self.tell("inner", RELEASED);
                self.hand_over(frame.queue);
            }
            Verdict::RolledBack(cause) => {
                self.tell("inner", &format!("rolled back {cause}"));
                self.run_rollback_handlers(frame.queue, cause);
            }
            Verdict::Unknown => self.tell("inner", "unknown"),
        }
        flow
    }

    fn inner_body(&mut self) -> (Flow, Frame) {
        let is_foreign = self.frames.is_empty();
        self.tell(
            "inner",
            if is_foreign {
                "begun"
            } else {
                "begun in outer"
            },
        );
        self.enter("inner");
        let _ = self.database.ask_to_insert(2);
        let body = self.body_end();
        (body, self.leave())
    }

    fn hand_over(&mut self, queue: Vec<Queued>) {
        if let Some(parent) = self.frames.last_mut() {
            parent.queue.extend(queue);
        }
    }

    fn release(&mut self) -> Ended {
        let (said, verdict) = match self.ask(Step::Release) {
            Ok(()) => return (Verdict::Released, Flow::Ok),
            Err(answer @ (Answer::RolledBack | Answer::Deadlock | Answer::Disconnected)) => {
                self.doom(LOST);
                let fault = Fault::because_of("Commit, RolledBack", answer);
                return (Verdict::RolledBack("CommitFailed"), Flow::Err(fault));
            }
            Err(Answer::Ended) => ("Ended, Unknown", Verdict::Unknown),
            Err(Answer::Lost | Answer::LostButDone) => {
                self.may_give_up = true;
                ("Unknown, Unknown", Verdict::Unknown)
            }
            Err(answer @ (Answer::Panic | Answer::Never | Answer::NeverButDone)) => {
                return self.interrupted_inside(Step::Release, answer);
            }
            Err(answer) => return self.refused_inside(answer),
        };
        self.doom(LOST);
        (verdict, Flow::error(said))
    }

    fn refused_inside(&mut self, answer: Answer) -> Ended {
        let fault = match answer {
            Answer::Aborted => Fault::of("Aborted, RolledBack"),
            answer => Fault::because_of("Commit, RolledBack", answer),
        };
        match self.undo() {
            Err(interrupted) => interrupted,
            Ok(Undone::Yes | Undone::Disconnected) => {
                (Verdict::RolledBack("CommitFailed"), Flow::Err(fault))
            }
            Ok(Undone::Failed) => {
                // Whether an error that names both is worth another attempt is for its author to say.
                self.is_specified &= !fault.is_transient;
                unknown("Rollback, Unknown")
            }
            Ok(Undone::Ended) => unknown("Ended, Unknown"),
        }
    }

    fn requested_inside(&mut self) -> Ended {
        match self.undo() {
            Err(interrupted) => interrupted,
            Ok(Undone::Yes | Undone::Disconnected) => (Verdict::RolledBack("Requested"), Flow::Ok),
            Ok(Undone::Failed) => unknown("Rollback, Unknown"),
            Ok(Undone::Ended) => unknown("Ended, Unknown"),
        }
    }

    fn not_owned(&mut self) -> Ended {
        match self.undo() {
            Err(interrupted) => interrupted,
            Ok(Undone::Yes | Undone::Disconnected) => {
                let verdict = Verdict::RolledBack("CommitFailed");
                (verdict, Flow::error("NotOwned, RolledBack"))
            }
            Ok(Undone::Failed) => unknown("Rollback, Unknown"),
            Ok(Undone::Ended) => unknown("Ended, Unknown"),
        }
    }

    fn failed_inside(&mut self, cause: &'static str, flow: Flow) -> Ended {
        let explains = matches!(&flow, Flow::Err(fault) if fault.explains);
        match self.undo() {
            Err(interrupted) => interrupted,
            Ok(Undone::Yes | Undone::Disconnected) => (Verdict::RolledBack(cause), flow),
            Ok(Undone::Ended) if explains => (Verdict::RolledBack(cause), flow),
            Ok(Undone::Ended | Undone::Failed) => (Verdict::Unknown, flow),
        }
    }

    /// The body of an async block was dropped, or has panicked.
    fn abandoned(&mut self, flow: Flow) -> Ended {
        if self.cell.undoes {
            self.database.undo_innermost();
        }
        let is_panic = matches!(flow, Flow::Panic(_));
        let is_foreign = self.frames.is_empty();
        match (is_panic, self.cell.undoes) {
            (false, _) => self.doom("NestedCancelled"),
            (true, false) => self.doom("NestedPanicked"),
            (true, true) => {}
        }
        if is_foreign && !self.cell.undoes {
            return (Verdict::Unknown, flow);
        }
        let cause = if is_panic { "Panic" } else { "Cancelled" };
        (Verdict::RolledBack(cause), flow)
    }

    /// A step that came to no end: what it has done is not known, and no rule says what follows, but for the promises.
    fn interrupted_inside(&mut self, step: Step, answer: Answer) -> Ended {
        self.is_specified = false;
        self.doom(LOST);
        let flow = match answer {
            Answer::Panic => Flow::of_panic(step),
            _ => Flow::Dropped,
        };
        (Verdict::Unknown, flow)
    }

    fn undo(&mut self) -> Result<Undone, Ended> {
        let undone = match self.ask(Step::RollbackTo) {
            Ok(()) => return Ok(Undone::Yes),
            Err(Answer::Ended) => Undone::Ended,
            Err(Answer::Disconnected) => Undone::Disconnected,
            Err(answer @ (Answer::Panic | Answer::Never | Answer::NeverButDone)) => {
                return Err(self.interrupted_inside(Step::RollbackTo, answer));
            }
            Err(_) => Undone::Failed,
        };
        self.may_give_up = true;
        self.doom(LOST);
        Ok(undone)
    }
}

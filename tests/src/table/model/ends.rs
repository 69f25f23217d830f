//! The last steps of an attempt of an outermost block.

use super::{Answer, Fault, Flow, Model, Step, Undone, Verdict};

/// The end of an attempt.
pub(super) struct Ended {
    pub(super) verdict: Verdict,
    pub(super) flow: Flow,
    /// Whether it is worth another one.
    pub(super) again: bool,
}

impl Ended {
    pub(super) fn new(verdict: Verdict, flow: Flow) -> Self {
        let again = false;
        Self {
            verdict,
            flow,
            again,
        }
    }

    fn unknown(said: &str) -> Self {
        Self::new(Verdict::Unknown, Flow::error(said))
    }
}

const REFUSED: &str = "Commit, RolledBack";

impl Model<'_> {
    pub(super) fn commit(&mut self) -> Ended {
        match self.ask(Step::Commit) {
            Ok(()) => Ended::new(Verdict::Committed, Flow::Ok),
            Err(answer @ (Answer::RolledBack | Answer::Deadlock | Answer::Disconnected)) => {
                let fault = Fault::because_of(REFUSED, answer);
                let again = fault.is_transient;
                let verdict = Verdict::RolledBack("CommitFailed");
                let flow = Flow::Err(fault);
                Ended {
                    verdict,
                    flow,
                    again,
                }
            }
            Err(Answer::Ended) => Ended::unknown("Ended, Unknown"),
            Err(Answer::Lost | Answer::LostButDone) => {
                self.given_up = true;
                Ended::unknown("Unknown, Unknown")
            }
            Err(Answer::Panic) => self.commit_panicked(),
            Err(Answer::Never | Answer::NeverButDone) => {
                self.given_up = true;
                Ended::new(Verdict::Unknown, Flow::Dropped)
            }
            Err(answer) => self.refused(answer),
        }
    }

    fn commit_panicked(&mut self) -> Ended {
        let flow = Flow::of_panic(Step::Commit);
        if !self.is_sync() {
            self.given_up = true;
            return Ended::new(Verdict::Unknown, flow);
        }
        let answer = self.ask(Step::Rollback);
        let verdict = match self.undone(answer) {
            Undone::Yes => Verdict::RolledBack("Panic"),
            Undone::Disconnected | Undone::Failed | Undone::Ended => Verdict::Unknown,
        };
        Ended::new(verdict, flow)
    }

    fn refused(&mut self, answer: Answer) -> Ended {
        let fault = match answer {
            Answer::Aborted => Fault::of("Aborted, RolledBack"),
            answer => Fault::because_of(REFUSED, answer),
        };
        let undone = match self.roll_back("CommitFailed") {
            Ok(undone) => undone,
            Err(interrupted) => return interrupted,
        };
        let mut ended = Ended::new(Verdict::RolledBack("CommitFailed"), Flow::Err(fault));
        ended.again =
            matches!(undone, Undone::Yes) && matches!(answer, Answer::Conflict | Answer::Aborted);
        match undone {
            Undone::Ended => Ended::unknown("Ended, Unknown"),
            Undone::Failed if !self.is_owned() => Ended::unknown("Rollback, Unknown"),
            Undone::Yes | Undone::Disconnected | Undone::Failed => ended,
        }
    }

    pub(super) fn requested(&mut self) -> Ended {
        match self.roll_back("Requested") {
            Err(interrupted) => interrupted,
            Ok(Undone::Yes | Undone::Disconnected) => {
                Ended::new(Verdict::RolledBack("Requested"), Flow::Ok)
            }
            Ok(Undone::Failed) => Ended::unknown("Rollback, Unknown"),
            Ok(Undone::Ended) => Ended::unknown("Ended, Unknown"),
        }
    }

    pub(super) fn doomed(&mut self, why: &str) -> Ended {
        match self.roll_back("CommitFailed") {
            Err(interrupted) => interrupted,
            Ok(Undone::Failed) if !self.is_owned() => Ended::unknown("Rollback, Unknown"),
            Ok(Undone::Ended) => Ended::unknown("Ended, Unknown"),
            Ok(Undone::Yes | Undone::Disconnected | Undone::Failed) => {
                let said = format!("RollbackOnly of {why}, RolledBack");
                Ended::new(Verdict::RolledBack("CommitFailed"), Flow::error(&said))
            }
        }
    }

    /// A sync body has panicked, and is rolled back while its thread unwinds, where a driver is asked only once.
    pub(super) fn unwound(&mut self, flow: Flow) -> Ended {
        match self.ask(Step::Rollback) {
            Err(Answer::Panic) => {
                self.given_up = true;
                self.is_specified &= !self.is_owned();
                Ended::new(Verdict::Unknown, flow)
            }
            answer => self.judge("Panic", flow, false, answer),
        }
    }

    /// The body has failed, which is what the caller gets, or what was to roll it back has panicked.
    pub(super) fn failed(&mut self, cause: &'static str, flow: Flow, explains: bool) -> Ended {
        let is_error = matches!(flow, Flow::Err(_));
        match self.ask(Step::Rollback) {
            Err(answer @ (Answer::Panic | Answer::Never | Answer::NeverButDone)) if is_error => {
                self.interrupted(answer, cause, explains)
            }
            answer => self.judge(cause, flow, explains, answer),
        }
    }

    fn judge(
        &mut self,
        cause: &'static str,
        flow: Flow,
        explains: bool,
        answer: Result<(), Answer>,
    ) -> Ended {
        let undone = self.undone(answer);
        let is_transient = matches!(&flow, Flow::Err(fault) if fault.is_transient);
        if matches!((&undone, &flow), (Undone::Failed, Flow::Err(_))) {
            self.unheard += 1;
        }
        let is_known = match undone {
            Undone::Yes | Undone::Disconnected => true,
            Undone::Failed => self.is_owned(),
            Undone::Ended => explains,
        };
        let verdict = if is_known {
            Verdict::RolledBack(cause)
        } else {
            Verdict::Unknown
        };
        let mut ended = Ended::new(verdict, flow);
        let is_over = matches!(undone, Undone::Yes | Undone::Ended) && is_known;
        ended.again = is_over && is_transient;
        ended
    }

    /// An error is that of a rollback that came to no end of its own.
    fn roll_back(&mut self, cause: &'static str) -> Result<Undone, Ended> {
        match self.ask(Step::Rollback) {
            Err(answer @ (Answer::Panic | Answer::Never | Answer::NeverButDone)) => {
                Err(self.interrupted(answer, cause, false))
            }
            answer => Ok(self.undone(answer)),
        }
    }

    fn undone(&mut self, answer: Result<(), Answer>) -> Undone {
        match answer {
            Ok(()) => Undone::Yes,
            Err(Answer::Ended) => Undone::Ended,
            Err(Answer::Disconnected) => {
                // Whoever has lent it finds out.
                self.given_up = self.is_owned();
                self.may_give_up = true;
                Undone::Disconnected
            }
            Err(_) => {
                self.given_up = true;
                Undone::Failed
            }
        }
    }

    fn interrupted(&mut self, answer: Answer, cause: &'static str, explains: bool) -> Ended {
        let flow = match answer {
            Answer::Panic => Flow::of_panic(Step::Rollback),
            _ => Flow::Dropped,
        };
        if answer == Answer::Panic && self.is_sync() {
            // The driver is asked once more while the thread unwinds.
            return self.failed(interrupting(cause), flow, explains);
        }
        self.given_up = true;
        let verdict = if self.is_owned() {
            Verdict::RolledBack(interrupting(cause))
        } else {
            Verdict::Unknown
        };
        Ended::new(verdict, flow)
    }
}

/// The cause of a rollback that a panic or a drop has ended: that one, or its own.
fn interrupting(cause: &str) -> &'static str {
    match cause {
        "Error" => "Error|Panic|Cancelled",
        "Requested" => "Requested|Panic|Cancelled",
        "CommitFailed" => "CommitFailed|Panic|Cancelled",
        _ => "Panic|Cancelled",
    }
}

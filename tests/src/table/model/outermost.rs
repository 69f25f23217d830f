//! A block that nothing is around.

use super::ends::Ended;
use super::{After, Answer, Fault, Flow, Frame, Level, Model, Step, Verdict, take};

impl Model<'_> {
    pub(super) fn outermost(&mut self) -> Flow {
        match self.ask(Step::Acquire) {
            Ok(()) => self.was_taken = true,
            Err(Answer::Panic) => return Flow::of_panic(Step::Acquire),
            Err(Answer::Never) => return Flow::Dropped,
            Err(answer) => return Flow::Err(Fault::because_of("Begin, RolledBack", answer)),
        }
        let mut begins_left = self.cell.attempts - 1;
        let mut left = self.cell.attempts - 1;
        let mut before = None;
        loop {
            let (is_further, begins) = (before.is_some(), begins_left);
            if let Some(flow) = self.begin(&mut begins_left, before.take()) {
                return flow;
            }
            // Whether a later begin that was refused counts as an attempt is not said.
            let may_be_last = is_further && begins_left < begins;
            self.tell("outer", "begun");
            let body = self.outer_body();
            let frame = self.leave();
            let ended = self.end(&frame, body);
            if !(ended.again && left > 0) {
                return self.conclude(frame, ended);
            }
            self.is_specified &= !may_be_last;
            left -= 1;
            begins_left = left;
            self.report(&ended.verdict);
            if let Verdict::RolledBack(cause) = ended.verdict {
                self.run_rollback_handlers(frame.queue, cause);
            }
            before = Some(ended.flow);
        }
    }

    /// Returns what the caller gets if it does not begin; before the first attempt, nothing has ended.
    fn begin(&mut self, left: &mut u32, before: Option<Flow>) -> Option<Flow> {
        loop {
            let flow = match self.ask(Step::Begin) {
                Ok(()) => return None,
                Err(Answer::Conflict) if *left > 0 => {
                    *left -= 1;
                    continue;
                }
                Err(Answer::Panic) => {
                    // A sync driver can say that nothing is open, and then nothing has to be given up.
                    self.may_give_up = self.is_sync();
                    Flow::of_panic(Step::Begin)
                }
                Err(Answer::Never | Answer::NeverButDone) => Flow::Dropped,
                Err(answer) => {
                    before.unwrap_or(Flow::Err(Fault::because_of("Begin, RolledBack", answer)))
                }
            };
            self.given_up = !self.may_give_up;
            if self.is_sync() && self.database.is_open() {
                let _ = self.ask(Step::Rollback);
            }
            self.give_back();
            return Some(flow);
        }
    }

    fn outer_body(&mut self) -> Flow {
        self.bodies += 1;
        self.enter("outer");
        let _ = self.database.ask_to_insert(1);
        if self.cell.level == Level::Outermost {
            return self.body_end();
        }
        let inner = self.inner_block();
        let passes = self.cell.after == After::Passes;
        if !passes || matches!(inner, Flow::Ok | Flow::Err(_)) {
            self.inner.push(inner.said());
        }
        if passes && !matches!(inner, Flow::Ok) {
            return inner;
        }
        let _ = self.database.ask_to_insert(3);
        match self.cell.after {
            After::Fails => Flow::error("outer"),
            After::Passes | After::GoesOn => Flow::Ok,
        }
    }

    fn end(&mut self, frame: &Frame, body: Flow) -> Ended {
        match (body, frame) {
            (Flow::Ok, frame) if frame.asks_for_rollback => self.requested(),
            (Flow::Ok, frame) => match frame.doomed {
                Some(why) => self.doomed(why),
                None => self.commit(),
            },
            (Flow::Err(fault), _) => {
                let explains = fault.explains;
                self.failed("Error", Flow::Err(fault), explains)
            }
            (Flow::Panic(text), _) if self.is_sync() => self.unwound(Flow::Panic(text)),
            (flow, _) => {
                self.database.raw_rollback();
                let is_panic = matches!(flow, Flow::Panic(_));
                let cause = if is_panic { "Panic" } else { "Cancelled" };
                Ended::new(Verdict::RolledBack(cause), flow)
            }
        }
    }

    fn conclude(&mut self, mut frame: Frame, ended: Ended) -> Flow {
        self.report(&ended.verdict);
        // Nobody knows what is open on it.
        self.given_up |= matches!(ended.verdict, Verdict::Unknown) && self.is_owned();
        self.give_back();
        let queue = take(&mut frame.queue);
        match ended.verdict {
            Verdict::Committed => self.run_calls(queue),
            Verdict::RolledBack(cause) => self.run_rollback_handlers(queue, cause),
            Verdict::Released | Verdict::Unknown => {}
        }
        ended.flow
    }

    fn report(&mut self, verdict: &Verdict) {
        match verdict {
            Verdict::Committed => self.tell("outer", "committed"),
            Verdict::RolledBack(cause) => self.tell("outer", &format!("rolled back {cause}")),
            Verdict::Released | Verdict::Unknown => self.tell("outer", "unknown"),
        }
    }

    fn give_back(&mut self) {
        if !self.is_owned() {
            return;
        }
        let line = match (self.given_up, self.may_give_up) {
            (true, _) => "close",
            (false, true) => "return|close",
            (false, false) => "return",
        };
        self.lines.push(line.to_owned());
        if self.given_up {
            self.database.raw_rollback();
        }
    }
}

//! The judge, who holds answers, calls and tables against each other.

use crate::client::{Entry, Heard};
use crate::effects::Calls;
use crate::ledger::Books;
use crate::order::{Audit, End, Order, Told};

/// The findings, in numbers of orders.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// All that were sent.
    pub sent: u64,
    /// Those whose client has hung up.
    pub hung_up: u64,
    /// Those that were not answered, though their client has waited.
    pub unanswered: u64,
    /// Those that are told to be stored.
    pub stored: u64,
    /// Those that are told to be refused.
    pub refused: u64,
    /// Those that are told to have failed.
    pub failed: u64,
    /// Those of which is told that nobody knows, and that are stored.
    pub unknown_stored: u64,
    /// Those of which is told that nobody knows, and that are not stored.
    pub unknown_absent: u64,
    /// Contradictions.
    pub broken: Broken,
    /// Rows without their call, where the service does not say that nobody knows.
    pub rows_without_call: u64,
}

/// Contradictions, in numbers of orders.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Broken {
    /// Told to be stored, and is not.
    pub stored_but_absent: u64,
    /// Told not to be stored, or bound to fail, and is stored.
    pub failed_but_stored: u64,
    /// Calls without their row.
    pub calls_without_row: u64,
    /// Calls that were made twice, or after the answer.
    pub late_or_twice: u64,
    /// Orders that are not wholly there: their audit is missing, or there without cause, or the stock does not match.
    pub halves: u64,
}

impl Broken {
    /// All of it.
    #[must_use]
    pub fn total(self) -> u64 {
        self.stored_but_absent
            + self.failed_but_stored
            + self.calls_without_row
            + self.late_or_twice
            + self.halves
    }
}

/// Holds what was answered and what was called against the tables.
#[must_use]
pub fn judge(entries: &[Entry], calls: &Calls, books: &Books) -> Verdict {
    let mut verdict = Verdict::default();
    for entry in entries {
        let seen = Seen::of(entry.order, calls, books);
        verdict.hear(entry.heard, seen);
        verdict.compare(entry, seen);
        verdict.broken.late_or_twice += u64::from(is_late_or_twice(entry, calls));
    }
    let orders = i64::try_from(books.orders.len()).unwrap_or(i64::MAX);
    verdict.broken.halves += books.sold.abs_diff(orders);
    verdict
}

/// The traces of an order.
#[derive(Clone, Copy)]
struct Seen {
    order: Trace,
    audit: Trace,
    is_unknown: bool,
}

/// The traces of a block.
#[derive(Clone, Copy)]
struct Trace {
    has_row: bool,
    has_call: bool,
}

impl Trace {
    fn lacks_row(self) -> bool {
        self.has_call && !self.has_row
    }

    fn lacks_call(self) -> bool {
        self.has_row && !self.has_call
    }
}

impl Seen {
    fn of(Order { id, .. }: Order, calls: &Calls, books: &Books) -> Self {
        Self {
            order: Trace {
                has_row: books.orders.contains(&id),
                has_call: calls.placed.contains_key(&id),
            },
            audit: Trace {
                has_row: books.audits.contains(&id),
                has_call: calls.audited.contains_key(&id),
            },
            is_unknown: calls.unknown.contains(&id),
        }
    }
}

impl Verdict {
    fn hear(&mut self, heard: Heard, seen: Seen) {
        self.sent += 1;
        *match heard {
            Heard::HungUp => &mut self.hung_up,
            Heard::Nothing => &mut self.unanswered,
            Heard::Answer(Told::Stored) => &mut self.stored,
            Heard::Answer(Told::Refused) => &mut self.refused,
            Heard::Answer(Told::Failed) => &mut self.failed,
            Heard::Answer(Told::Unknown) if seen.order.has_row => &mut self.unknown_stored,
            Heard::Answer(Told::Unknown) => &mut self.unknown_absent,
        } += 1;
    }

    fn compare(&mut self, entry: &Entry, seen: Seen) {
        let Seen { order, audit, .. } = seen;
        let heard = |told| entry.heard == Heard::Answer(told);
        let has_to_fail = entry.order.end != End::Commit;
        let is_absent = has_to_fail || heard(Told::Refused) || heard(Told::Failed);
        let has_audit = order.has_row && entry.order.audit == Audit::Kept;
        let lacks_row = order.lacks_row() || audit.lacks_row();
        let lacks_call = order.lacks_call() || audit.lacks_call();
        let broken = &mut self.broken;
        broken.stored_but_absent += u64::from(heard(Told::Stored) && !order.has_row);
        broken.failed_but_stored += u64::from(is_absent && order.has_row);
        broken.calls_without_row += u64::from(lacks_row);
        broken.halves += u64::from(audit.has_row != has_audit);
        self.rows_without_call += u64::from(lacks_call && !seen.is_unknown);
    }
}

/// Whoever is told that the order is stored is told so after its calls.
fn is_late_or_twice(entry: &Entry, calls: &Calls) -> bool {
    let id = entry.order.id;
    let calls = [calls.placed.get(&id), calls.audited.get(&id)];
    let is_told = entry.heard == Heard::Answer(Told::Stored);
    calls
        .into_iter()
        .flatten()
        .any(|call| call.times > 1 || is_told && call.at > entry.at)
}

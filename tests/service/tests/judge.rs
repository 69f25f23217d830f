//! The judge sees what contradicts itself, each kind alone.

use std::time::{Duration, Instant};

use commit_on_success_service::client::{Entry, Heard};
use commit_on_success_service::effects::{Call, Calls};
use commit_on_success_service::judge::{Broken, Verdict, judge};
use commit_on_success_service::ledger::Books;
use commit_on_success_service::order::{Audit, End, Order, Told};

/// An order that is stored and audited, and what there is of it.
struct Case {
    entry: Entry,
    calls: Calls,
    books: Books,
}

impl Case {
    fn told(told: Told) -> Self {
        let at = Instant::now();
        let order = Order {
            id: 1,
            item: 1,
            end: End::Commit,
            audit: Audit::Kept,
        };
        let heard = Heard::Answer(told);
        let call = Call { at, times: 1 };
        Self {
            entry: Entry { order, heard, at },
            calls: Calls {
                placed: [(1, call)].into(),
                audited: [(1, call)].into(),
                ..Calls::default()
            },
            books: Books {
                orders: [1].into(),
                audits: [1].into(),
                sold: 1,
            },
        }
    }

    fn without_rows(mut self) -> Self {
        self.books = Books::default();
        self
    }

    fn without_calls(mut self) -> Self {
        self.calls = Calls::default();
        self
    }

    fn judged(self) -> Verdict {
        judge(&[self.entry], &self.calls, &self.books)
    }
}

#[test]
fn an_order_that_is_wholly_there_breaks_nothing() {
    let verdict = Case::told(Told::Stored).judged();
    assert_eq!((verdict.sent, verdict.stored), (1, 1));
    assert_eq!((verdict.broken.total(), verdict.rows_without_call), (0, 0));
}

#[test]
fn an_order_that_is_wholly_absent_breaks_nothing() {
    let case = Case::told(Told::Refused).without_rows().without_calls();
    let verdict = case.judged();
    assert_eq!((verdict.sent, verdict.refused), (1, 1));
    assert_eq!((verdict.broken.total(), verdict.rows_without_call), (0, 0));
}

#[test]
fn an_order_that_is_told_to_be_stored_has_its_row() {
    let case = Case::told(Told::Stored).without_rows().without_calls();
    let broken = Broken {
        stored_but_absent: 1,
        ..Broken::default()
    };
    assert_eq!(case.judged().broken, broken);
}

#[test]
fn an_order_that_is_told_to_be_absent_has_no_row() {
    let broken = Broken {
        failed_but_stored: 1,
        ..Broken::default()
    };
    assert_eq!(Case::told(Told::Failed).judged().broken, broken);
    assert_eq!(Case::told(Told::Refused).judged().broken, broken);
}

#[test]
fn an_order_that_is_bound_to_fail_has_no_row_whatever_was_heard() {
    let mut case = Case::told(Told::Unknown);
    case.entry.heard = Heard::HungUp;
    case.entry.order.end = End::CommitFails;
    assert_eq!(case.judged().broken.failed_but_stored, 1);
}

#[test]
fn a_call_without_its_row_is_counted() {
    let mut case = Case::told(Told::Unknown).without_rows();
    case.entry.heard = Heard::HungUp;
    let broken = Broken {
        calls_without_row: 1,
        ..Broken::default()
    };
    assert_eq!(case.judged().broken, broken);
}

#[test]
fn a_row_without_its_call_is_counted_unless_the_service_does_not_know() {
    let unheard = || {
        let mut case = Case::told(Told::Unknown).without_calls();
        case.entry.heard = Heard::HungUp;
        case
    };
    assert_eq!(unheard().judged().rows_without_call, 1);
    let mut unknown = unheard();
    unknown.calls.unknown.insert(1);
    assert_eq!(unknown.judged().rows_without_call, 0);
}

#[test]
fn a_call_that_was_made_twice_or_after_the_answer_is_counted() {
    let mut twice = Case::told(Told::Stored);
    twice
        .calls
        .audited
        .entry(1)
        .and_modify(|call| call.times = 2);
    assert_eq!(twice.judged().broken.late_or_twice, 1);
    let mut late = Case::told(Told::Stored);
    late.calls
        .placed
        .entry(1)
        .and_modify(|call| call.at += Duration::from_millis(1));
    assert_eq!(late.judged().broken.late_or_twice, 1);
}

#[test]
fn an_order_without_its_audit_or_its_piece_of_the_stock_is_a_half() {
    let mut unaudited = Case::told(Told::Stored);
    unaudited.books.audits.clear();
    unaudited.calls.audited.clear();
    assert_eq!(unaudited.judged().broken.halves, 1);
    let mut unwanted = Case::told(Told::Stored);
    unwanted.entry.order.audit = Audit::Fails;
    assert_eq!(unwanted.judged().broken.halves, 1);
    let mut unsold = Case::told(Told::Stored);
    unsold.books.sold = 0;
    assert_eq!(unsold.judged().broken.halves, 1);
}

//! The table, and whether a promise was broken.

use commit_on_success_matrix::layout::layout;

use crate::options::Strictness;
use crate::stand::Findings;
use crate::store::Way;
use crate::turns::Row;

/// A column: its head, and what it shows of a row.
type Column = (&'static str, fn(&Row) -> String);

const COLUMNS: &[Column] = &[
    ("way", |row| {
        format!("{}, {}", row.backend.word(), row.way.word())
    }),
    ("sent", |row| row.findings.verdict.sent.to_string()),
    ("sent/s", |row| format!("{:.0}", row.sent_per_second())),
    ("answered/s", |row| {
        format!("{:.0}", row.answered_per_second())
    }),
    ("× by hand", |row| {
        row.ratio
            .map_or_else(|| "–".to_owned(), |ratio| format!("{ratio:.2}"))
    }),
    ("hung up", |row| row.findings.verdict.hung_up.to_string()),
    ("handlers dropped", |row| row.findings.dropped.to_string()),
    ("sessions begun", |row| row.findings.sessions.to_string()),
    ("stored", |row| row.findings.verdict.stored.to_string()),
    ("refused", |row| row.findings.verdict.refused.to_string()),
    ("failed", |row| row.findings.verdict.failed.to_string()),
    ("unknown: stored, not", |row| {
        let verdict = row.findings.verdict;
        format!("{}, {}", verdict.unknown_stored, verdict.unknown_absent)
    }),
    ("unanswered", |row| {
        row.findings.verdict.unanswered.to_string()
    }),
    ("row without call", |row| {
        row.findings.verdict.rows_without_call.to_string()
    }),
    ("call without row", |row| {
        row.findings.verdict.broken.calls_without_row.to_string()
    }),
    ("told stored, is not", |row| {
        row.findings.verdict.broken.stored_but_absent.to_string()
    }),
    ("told failed, is stored", |row| {
        row.findings.verdict.broken.failed_but_stored.to_string()
    }),
    ("late or twice", |row| {
        row.findings.verdict.broken.late_or_twice.to_string()
    }),
    ("halves", |row| {
        row.findings.verdict.broken.halves.to_string()
    }),
    ("idle in transaction", |row| {
        row.findings.activity.idle_in_transaction.to_string()
    }),
];

/// A line for each way, in Markdown.
#[must_use]
pub fn table(rows: &[Row]) -> String {
    let head = COLUMNS.iter().map(|&(head, _)| head.to_owned()).collect();
    let lines = rows
        .iter()
        .map(|row| COLUMNS.iter().map(|(_, cell)| cell(row)).collect());
    layout(&std::iter::once(head).chain(lines).collect::<Vec<_>>())
}

/// The number of promises that a way has broken; by hand there are none to keep.
#[must_use]
pub fn broken(row: &Row, strictness: Strictness) -> u64 {
    promises_broken(row.way, &row.findings, strictness)
}

/// The same of findings without a row.
pub(crate) fn promises_broken(way: Way, findings: &Findings, strictness: Strictness) -> u64 {
    if !way.has_promises() {
        return 0;
    }
    let lost = match strictness {
        Strictness::Lenient => 0,
        Strictness::Strict => findings.verdict.rows_without_call,
    };
    let open = findings.activity.idle_in_transaction.unsigned_abs();
    findings.verdict.broken.total() + open + lost
}

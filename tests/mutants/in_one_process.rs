//! The tests that do not mind each other in one process: one program is linked faster than twenty.
#![allow(missing_docs, reason = "a test program")]

// For the tests in it: those of the whole crate need every driver.
#[path = "../../runtime/src/attempts/backoff.rs"]
#[allow(dead_code, unreachable_pub, reason = "they do not use all of it")]
mod backoff;

#[path = "../tests/attempts.rs"]
mod attempts;
#[path = "../tests/attempts_begin.rs"]
mod attempts_begin;
#[path = "../tests/before_commit.rs"]
mod before_commit;
#[path = "../tests/before_commit_failures.rs"]
mod before_commit_failures;
#[path = "../tests/before_commit_levels.rs"]
mod before_commit_levels;
#[path = "../tests/before_commit_sqlite.rs"]
mod before_commit_sqlite;
#[path = "../tests/cancellation_scripted.rs"]
mod cancellation_scripted;
#[path = "../tests/context_depth.rs"]
mod context_depth;
#[path = "../tests/context_tasks.rs"]
mod context_tasks;
#[path = "../tests/defer_keys.rs"]
mod defer_keys;
#[path = "../tests/destructors.rs"]
mod destructors;
#[path = "../tests/failures_begin.rs"]
mod failures_begin;
#[path = "../tests/failures_captures.rs"]
mod failures_captures;
#[path = "../tests/failures_commit.rs"]
mod failures_commit;
#[path = "../tests/failures_drained.rs"]
mod failures_drained;
#[path = "../tests/failures_errors.rs"]
mod failures_errors;
#[path = "../tests/failures_handlers.rs"]
mod failures_handlers;
#[path = "../tests/failures_panics.rs"]
mod failures_panics;
#[path = "../tests/failures_rollback.rs"]
mod failures_rollback;
#[path = "../tests/failures_signals.rs"]
mod failures_signals;
#[path = "../tests/foreign_scripted.rs"]
mod foreign_scripted;
#[path = "../tests/options_no_rollback.rs"]
mod options_no_rollback;
#[path = "../tests/propagation.rs"]
mod propagation;
#[path = "../tests/races.rs"]
mod races;
#[path = "../tests/races_unwinding.rs"]
mod races_unwinding;
#[path = "../tests/seen_to_the_end.rs"]
mod seen_to_the_end;
#[path = "../tests/settings_scripted.rs"]
mod settings_scripted;
#[path = "../tests/siblings.rs"]
mod siblings;
#[path = "../tests/signals_completed.rs"]
mod signals_completed;
#[path = "../tests/signals_guard.rs"]
mod signals_guard;
#[path = "../tests/testing_capture.rs"]
mod testing_capture;
#[path = "../tests/testing_rusqlite.rs"]
mod testing_rusqlite;
#[path = "../tests/testing_scripted.rs"]
mod testing_scripted;
#[path = "../tests/transaction_handle.rs"]
mod transaction_handle;
#[path = "../tests/transaction_handle_ends.rs"]
mod transaction_handle_ends;

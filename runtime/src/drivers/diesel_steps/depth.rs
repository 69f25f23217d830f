//! The depth that diesel's manager of transactions counts.

use std::num::NonZeroU32;

use ::diesel::connection::{InTransactionStatus, TransactionDepthChange, TransactionManagerStatus};

use crate::transaction::TransactionStatus;

/// Sets the depth, and with it that the transaction is in order.
pub(super) fn set(status: &mut TransactionManagerStatus, depth: Option<NonZeroU32>) {
    let Some(depth) = depth else {
        *status = TransactionManagerStatus::default();
        return;
    };
    if status.transaction_depth().is_err() {
        *status = TransactionManagerStatus::default();
    }
    let Ok(valid) = status.transaction_state() else {
        unreachable!("it was made valid")
    };
    if valid.in_transaction.is_none() {
        let _ = valid.change_transaction_depth(TransactionDepthChange::IncreaseDepth);
    }
    if let Some(transaction) = &mut valid.in_transaction {
        transaction.transaction_depth = depth;
        transaction.requires_rollback_maybe_up_to_top_level = false;
    }
}

/// A manager that is broken does not know.
pub(super) fn transaction_status(status: &mut TransactionManagerStatus) -> TransactionStatus {
    if is(status, |transaction| transaction.test_transaction) {
        // Of `begin_test_transaction`, which is never committed.
        return TransactionStatus::Test;
    }
    match status.transaction_depth() {
        Ok(None) => TransactionStatus::Idle,
        Ok(Some(_)) => TransactionStatus::Open,
        Err(_) => TransactionStatus::Untracked,
    }
}

/// The number of transactions inside of each other. A manager that is broken does not know it.
pub(super) fn levels(status: &TransactionManagerStatus) -> Option<u32> {
    let depth = status.transaction_depth().ok()?;
    Some(depth.map_or(0, NonZeroU32::get))
}

/// Whether the manager has seen a statement fail that takes the transaction with it.
pub(super) fn is_aborted(status: &mut TransactionManagerStatus) -> bool {
    is(status, |transaction| {
        transaction.requires_rollback_maybe_up_to_top_level
    })
}

fn is(
    status: &mut TransactionManagerStatus,
    predicate: impl FnOnce(&InTransactionStatus) -> bool,
) -> bool {
    let valid = status.transaction_state();
    valid.is_ok_and(|valid| valid.in_transaction.as_ref().is_some_and(predicate))
}

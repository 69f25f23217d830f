//! What diesel's manager of transactions counts.

use std::num::NonZeroU32;

use ::diesel::connection::{TransactionDepthChange, TransactionManagerStatus};

/// Sets it, and with it that the transaction is in order.
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

/// Whether the manager has seen a statement fail that takes the transaction with it.
pub(super) fn is_aborted(status: &mut TransactionManagerStatus) -> bool {
    status.transaction_state().is_ok_and(|valid| {
        valid
            .in_transaction
            .as_ref()
            .is_some_and(|transaction| transaction.requires_rollback_maybe_up_to_top_level)
    })
}

/// Whether it is a transaction of `begin_test_transaction`, which is never committed.
pub(super) fn is_of_a_test(status: &mut TransactionManagerStatus) -> bool {
    status.transaction_state().is_ok_and(|valid| {
        valid
            .in_transaction
            .as_ref()
            .is_some_and(|transaction| transaction.test_transaction)
    })
}

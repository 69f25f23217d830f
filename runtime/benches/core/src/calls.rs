//! Transactions that defer calls.

use std::hint::black_box;

#[inline(never)]
fn record(id: usize) {
    black_box(id);
}

async fn record_later(id: usize) {
    black_box(id);
}

/// Calls that are deferred with `defer!`.
pub mod annotated {
    use commit_on_success::{commit_on_success, defer};

    use super::{record, record_later};
    use crate::driver::{Failure, Nothing};

    /// Sync calls.
    ///
    /// # Errors
    ///
    /// Never.
    #[commit_on_success(tx = nothing)]
    #[inline(never)]
    pub fn calls(nothing: &mut Nothing, calls: usize) -> Result<(), Failure> {
        for id in 0..calls {
            defer!(record(id));
        }
        Ok(())
    }

    /// Async calls.
    ///
    /// # Errors
    ///
    /// Never.
    #[commit_on_success(tx = nothing)]
    pub async fn calls_later(nothing: &mut Nothing, calls: usize) -> Result<(), Failure> {
        for id in 0..calls {
            defer!(async move { record_later(id).await });
        }
        Ok(())
    }
}

/// Calls that are kept in a vector of boxes.
pub mod by_hand {
    use std::future::Future;
    use std::pin::Pin;

    use super::{record, record_later};
    use crate::driver::{Failure, Nothing};

    /// Sync calls.
    ///
    /// # Errors
    ///
    /// Never.
    #[inline(never)]
    pub fn calls(nothing: &mut Nothing, calls: usize) -> Result<(), Failure> {
        nothing.open()?;
        let mut queue: Vec<Box<dyn FnOnce() + Send>> = Vec::new();
        for id in 0..calls {
            queue.push(Box::new(move || record(id)));
        }
        nothing.keep()?;
        for call in queue {
            call();
        }
        Ok(())
    }

    /// Async calls.
    ///
    /// # Errors
    ///
    /// Never.
    pub async fn calls_later(nothing: &mut Nothing, calls: usize) -> Result<(), Failure> {
        nothing.open()?;
        let mut queue: Vec<Pin<Box<dyn Future<Output = ()> + Send>>> = Vec::new();
        for id in 0..calls {
            queue.push(Box::pin(async move { record_later(id).await }));
        }
        nothing.keep()?;
        for call in queue {
            call.await;
        }
        Ok(())
    }
}

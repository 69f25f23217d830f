//! Async transactions that defer nothing.

use std::future::Future;
use std::hint::black_box;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

/// Is pending a number of times.
#[derive(Debug)]
pub struct Pending(pub usize);

impl Future for Pending {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        match black_box(self.0).checked_sub(1) {
            None => Poll::Ready(()),
            Some(left) => {
                self.0 = left;
                Poll::Pending
            }
        }
    }
}

/// Polls a future until it is done, behind a pointer as an executor does.
pub fn complete<F: Future>(future: F) -> F::Output {
    let mut future: Pin<&mut dyn Future<Output = F::Output>> = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(output) = black_box(&mut future).as_mut().poll(&mut context) {
            return output;
        }
    }
}

/// Functions with the attribute.
pub mod annotated {
    use std::hint::black_box;

    use commit_on_success::commit_on_success;

    use super::Pending;
    use crate::driver::{Failure, Nothing};

    /// One block.
    ///
    /// # Errors
    ///
    /// Never.
    #[commit_on_success]
    pub async fn flat(nothing: &mut Nothing, pending: usize) -> Result<(), Failure> {
        Pending(pending).await;
        black_box(nothing);
        Ok(())
    }

    /// One block that holds a buffer while it waits.
    ///
    /// # Errors
    ///
    /// Never.
    #[commit_on_success]
    pub async fn roomy(nothing: &mut Nothing, pending: usize) -> Result<(), Failure> {
        let buffer = black_box([0_u8; super::ROOM]);
        Pending(pending).await;
        black_box((nothing, &buffer));
        Ok(())
    }

    /// A block in a block.
    ///
    /// # Errors
    ///
    /// Never.
    #[commit_on_success]
    pub async fn nested(nothing: &mut Nothing, pending: usize) -> Result<(), Failure> {
        flat(nothing, pending).await
    }

    /// A block that fails.
    ///
    /// # Errors
    ///
    /// Always.
    #[commit_on_success]
    pub async fn failed(nothing: &mut Nothing, pending: usize) -> Result<(), Failure> {
        Pending(pending).await;
        black_box(nothing);
        Err(Failure::Asked)
    }
}

/// The bytes that [`roomy`](annotated::roomy) holds: fewer than most statements do.
pub const ROOM: usize = 512;

/// The same functions without the attribute.
pub mod plain {
    use std::hint::black_box;

    use super::Pending;
    use crate::driver::{Failure, Nothing};

    /// No block.
    ///
    /// # Errors
    ///
    /// Never.
    pub async fn flat(nothing: &mut Nothing, pending: usize) -> Result<(), Failure> {
        Pending(pending).await;
        black_box(nothing);
        Ok(())
    }

    /// No block, and a buffer.
    ///
    /// # Errors
    ///
    /// Never.
    pub async fn roomy(nothing: &mut Nothing, pending: usize) -> Result<(), Failure> {
        let buffer = black_box([0_u8; super::ROOM]);
        Pending(pending).await;
        black_box((nothing, &buffer));
        Ok(())
    }

    /// A function in a function.
    ///
    /// # Errors
    ///
    /// Never.
    pub async fn nested(nothing: &mut Nothing, pending: usize) -> Result<(), Failure> {
        flat(nothing, pending).await
    }
}

/// Functions with begin and commit by hand.
pub mod by_hand {
    use std::hint::black_box;

    use super::Pending;
    use crate::driver::{Failure, Nothing};

    /// One block.
    ///
    /// # Errors
    ///
    /// Never.
    pub async fn flat(nothing: &mut Nothing, pending: usize) -> Result<(), Failure> {
        nothing.open()?;
        Pending(pending).await;
        black_box(&mut *nothing);
        Ok(nothing.keep()?)
    }

    /// A block in a block.
    ///
    /// # Errors
    ///
    /// Never.
    pub async fn nested(nothing: &mut Nothing, pending: usize) -> Result<(), Failure> {
        nothing.open()?;
        flat(nothing, pending).await?;
        Ok(nothing.keep()?)
    }

    /// A block that fails.
    ///
    /// # Errors
    ///
    /// Always.
    pub async fn failed(nothing: &mut Nothing, pending: usize) -> Result<(), Failure> {
        nothing.open()?;
        Pending(pending).await;
        black_box(&mut *nothing);
        match nothing.undo() {
            Ok(()) => Err(Failure::Asked),
            Err(error) => Err(Failure::Transaction(format!("{error:?}").into())),
        }
    }
}

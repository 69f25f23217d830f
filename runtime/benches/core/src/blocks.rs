//! Sync transactions that defer nothing.

use std::hint::black_box;

use crate::driver::Nothing;

#[inline(never)]
fn statement(nothing: &mut Nothing) {
    black_box(nothing);
}

/// Functions with the attribute.
pub mod annotated {
    use commit_on_success::commit_on_success;

    use super::statement;
    use crate::driver::{Failure, Nothing};

    /// One block.
    ///
    /// # Errors
    ///
    /// Never.
    #[commit_on_success]
    #[inline(never)]
    pub fn flat(nothing: &mut Nothing) -> Result<(), Failure> {
        statement(nothing);
        Ok(())
    }

    /// A block in a block.
    ///
    /// # Errors
    ///
    /// Never.
    #[commit_on_success]
    #[inline(never)]
    pub fn nested(nothing: &mut Nothing) -> Result<(), Failure> {
        flat(nothing)
    }

    #[commit_on_success(propagation = required)]
    #[inline(never)]
    fn joining(nothing: &mut Nothing) -> Result<(), Failure> {
        statement(nothing);
        Ok(())
    }

    /// A block that joins the one around it.
    ///
    /// # Errors
    ///
    /// Never.
    #[commit_on_success]
    #[inline(never)]
    pub fn joined(nothing: &mut Nothing) -> Result<(), Failure> {
        joining(nothing)
    }

    /// A block that fails.
    ///
    /// # Errors
    ///
    /// Always.
    #[commit_on_success]
    #[inline(never)]
    pub fn failed(nothing: &mut Nothing) -> Result<(), Failure> {
        statement(nothing);
        Err(Failure::Asked)
    }
}

/// Functions with begin and commit by hand.
pub mod by_hand {
    use super::statement;
    use crate::driver::{Failure, Nothing};

    /// One block.
    ///
    /// # Errors
    ///
    /// Never.
    #[inline(never)]
    pub fn flat(nothing: &mut Nothing) -> Result<(), Failure> {
        nothing.open()?;
        statement(nothing);
        Ok(nothing.keep()?)
    }

    /// A block in a block.
    ///
    /// # Errors
    ///
    /// Never.
    #[inline(never)]
    pub fn nested(nothing: &mut Nothing) -> Result<(), Failure> {
        nothing.open()?;
        flat(nothing)?;
        Ok(nothing.keep()?)
    }

    #[allow(clippy::unnecessary_wraps, reason = "as with the attribute")]
    #[inline(never)]
    fn joining(nothing: &mut Nothing) -> Result<(), Failure> {
        statement(nothing);
        Ok(())
    }

    /// A function that leaves it to the block around it to commit.
    ///
    /// # Errors
    ///
    /// Never.
    #[inline(never)]
    pub fn joined(nothing: &mut Nothing) -> Result<(), Failure> {
        nothing.open()?;
        joining(nothing)?;
        Ok(nothing.keep()?)
    }

    /// A block that fails.
    ///
    /// # Errors
    ///
    /// Always.
    #[inline(never)]
    pub fn failed(nothing: &mut Nothing) -> Result<(), Failure> {
        nothing.open()?;
        statement(nothing);
        match nothing.undo() {
            Ok(()) => Err(Failure::Asked),
            Err(error) => Err(Failure::Transaction(format!("{error:?}").into())),
        }
    }
}

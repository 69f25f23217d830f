//! A job that is not stored yet, and what that means for its block.

use std::panic::Location;

use super::listener;
use crate::context::{self, Pending};
use crate::error::{BoxError, Error, Reason, RollbackOnly};
use crate::outside;
use crate::site::Site;
use crate::transaction::ConnectionId;

/// A job that is about to be stored. Its block can only be rolled back for as long, and if it comes to nothing.
pub(super) struct Unstored {
    kind: &'static str,
    location: &'static Location<'static>,
    /// The connection of its block; nothing outside of any, or once it is stored.
    block: Option<ConnectionId>,
}

impl Unstored {
    /// Has the innermost open block wait for the job.
    ///
    /// # Errors
    ///
    /// When that block is on another connection, or when none is open and that is refused.
    pub(super) fn begin(
        kind: &'static str,
        location: &'static Location<'static>,
        is_on: impl FnOnce(ConnectionId) -> bool,
    ) -> Result<Self, Error> {
        let mut unstored = Self {
            kind,
            location,
            block: None,
        };
        let Some(block) = context::innermost() else {
            outside::admit_job(location)?;
            return Ok(unstored);
        };
        let connection = block.connection();
        if !is_on(connection) {
            block.change(|pending| pending.doom(RollbackOnly::NotStored { location }));
            return Err(unstored.failed(OtherConnection(block.site()).into()));
        }
        block.change(|pending| pending.storing(location));
        unstored.block = Some(connection);
        Ok(unstored)
    }

    /// Refuses to store a job of a block from where that is not to be seen.
    pub(super) fn check(&self) -> Result<(), OutsideOfItsBlock> {
        let here = context::innermost().map(context::OpenBlock::connection);
        if here == self.block {
            Ok(())
        } else {
            Err(OutsideOfItsBlock)
        }
    }

    pub(super) fn failed(self, source: BoxError) -> Error {
        let Self { kind, location, .. } = self;
        let reason = Reason::Enqueue {
            kind,
            location,
            source,
        };
        reason.into()
    }

    /// The job is in a queue, which those who listen are told after the commit.
    pub(super) fn stored(mut self, queue: &'static str) {
        let location = self.location;
        let told = !listener::is_nobody();
        match self.block.take() {
            Some(connection) => context::change_innermost_of(connection, |pending| {
                pending.stored();
                if told {
                    pending.queue.tell_of_job(queue, location);
                }
            }),
            None if told => listener::tell(queue),
            None => {}
        }
    }
}

impl Drop for Unstored {
    fn drop(&mut self) {
        if let Some(connection) = self.block {
            let location = self.location;
            let doom = |pending: &mut Pending| pending.doom(RollbackOnly::NotStored { location });
            context::change_innermost_of(connection, doom);
        }
    }
}

#[derive(Debug, thiserror::Error)]
#[error(
    "the innermost open block, of `{}`, is on another connection: its commit would not be that of the job",
    .0.function
)]
struct OtherConnection(&'static Site);

#[derive(Debug, thiserror::Error)]
#[error("it was awaited outside of the block in which it was enqueued")]
pub(super) struct OutsideOfItsBlock;

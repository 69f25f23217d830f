//! The connections that jobs are stored by.

use super::Encoded;

/// A connection that [`enqueue!`](crate::enqueue) stores jobs by: `&mut C`, or `&C` of the drivers that want no more, for the
/// connection that the body of a block sees.
#[diagnostic::on_unimplemented(
    message = "a job cannot be stored by `{Self}`",
    label = "the connection of the block is wanted here, to PostgreSQL or SQLite"
)]
pub trait Target: Sized {
    #[doc(hidden)]
    #[track_caller]
    fn enqueue(self, job: Encoded) -> impl Sized;
}

/// Finds a connection behind what leads to it, where storing wants it as a `&mut C`.
pub trait ByMut {
    /// The connection itself.
    fn target_of_job(&mut self) -> &mut Self {
        self
    }
}

/// Finds a connection behind what leads to it, where storing wants it as a `&C`.
pub trait ByRef {
    /// The connection itself.
    fn target_of_job(&self) -> &Self {
        self
    }
}

/// Refuses what leads to no connection that stores jobs in the block, in words of its own.
pub trait Useless {
    /// Does not compile. What it would be is left open, and so nothing that is done with it is another error.
    fn target_of_job<T>(&self) -> T
    where
        Self: Useful,
    {
        unreachable!("nothing is both")
    }
}

/// What jobs could be stored by.
#[diagnostic::on_unimplemented(
    message = "a job cannot be stored by `{Self}`",
    label = "the connection of the block is wanted here, to PostgreSQL or SQLite",
    note = "a pool gives another connection, whose row would be stored whatever becomes of the transaction"
)]
pub trait Useful {}

#[cfg(any(feature = "deadpool-postgres", feature = "diesel-async-deadpool"))]
impl<M, W> Useless for deadpool::managed::Pool<M, W>
where
    M: deadpool::managed::Manager,
    W: From<deadpool::managed::Object<M>>,
{
}

/// Has jobs stored by connections of a sync driver.
#[allow(unused_macros, reason = "some drivers are async")]
macro_rules! sync_target {
    ([$($generics:tt)*] $target:ty $(, $($bounds:tt)*)?) => {
        #[diagnostic::do_not_recommend]
        impl<$($generics)*> $crate::jobs::Target for $target
        $(where $($bounds)*)?
        {
            #[allow(refining_impl_trait, reason = "it is called where the driver is known")]
            #[track_caller]
            fn enqueue(
                self,
                job: $crate::jobs::Encoded,
            ) -> ::std::result::Result<$crate::jobs::Enqueued, $crate::error::Error> {
                $crate::jobs::insert(self, job)
            }
        }
    };
}
#[allow(unused_imports, reason = "some drivers are async")]
pub(crate) use sync_target;

/// Has jobs stored by connections of an async driver.
#[allow(unused_macros, reason = "some drivers are sync")]
macro_rules! async_target {
    ([$($generics:tt)*] $target:ty $(, $($bounds:tt)*)?) => {
        #[diagnostic::do_not_recommend]
        impl<$($generics)*> $crate::jobs::Target for $target
        $(where $($bounds)*)?
        {
            #[allow(refining_impl_trait, reason = "it is called where the driver is known")]
            #[track_caller]
            fn enqueue(
                self,
                job: $crate::jobs::Encoded,
            ) -> impl ::std::future::Future<
                Output = ::std::result::Result<$crate::jobs::Enqueued, $crate::error::Error>,
            > + Send {
                $crate::jobs::insert_async(self, job)
            }
        }
    };
}
#[allow(unused_imports, reason = "some drivers are sync")]
pub(crate) use async_target;

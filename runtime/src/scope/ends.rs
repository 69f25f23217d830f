//! The end that the value of a body gives its transaction: the methods that generated code calls on it.

use std::error::Error as StdError;
use std::future::{Future, Ready};

use super::future::AsyncScope;
use super::returned::{AnyLifetime, Boxed, Mistaken, Opaque, Returned, Shared, Static};
use super::sync::Scope;
use crate::attempts::Attempts;
use crate::error::Error;
use crate::transaction::{AsyncTransaction, Transaction};

/// The result that is left after the end: the body's, or that its transaction could not be committed.
type End<R> = Result<R, Error>;

macro_rules! ends {
    ($([$($bound:tt)*] $this:ty, $look:expr;)*) => {$(
        impl<V, E: $($bound)*> $this {
            /// Commits what has succeeded, and rolls back what has failed.
            ///
            /// # Errors
            ///
            /// Those of [`Error`] that speak of the end of a transaction.
            ///
            /// # Panics
            ///
            /// When a deferred call panics, after all the others have run.
            #[inline]
            pub fn __commit_or_rollback<T: Transaction>(
                &mut self,
                scope: &mut Scope<T>,
            ) -> End<Result<V, E>> {
                scope.end(self.take(), $look)
            }

            /// Does as `__commit_or_rollback`, but a transaction that failed only because of others is begun again, and
            /// nothing returned, while there are attempts left.
            pub fn __commit_or_restart<T: Transaction>(
                &mut self,
                scope: &mut Scope<T>,
                attempts: &mut Attempts,
            ) -> Option<End<Result<V, E>>> {
                scope.end_or_restart(self.take(), $look, attempts)
            }

            /// Does as `__commit_or_rollback`. The value stays where it is, as a future would keep room for it twice.
            pub fn __commit_or_rollback_async<'s, T: AsyncTransaction>(
                &'s mut self,
                scope: &'s mut AsyncScope<T>,
            ) -> impl Future<Output = End<Result<V, E>>> + use<'s, V, E, T> {
                scope.end(self, $look)
            }

            /// Does as `__commit_or_restart`.
            pub fn __commit_or_restart_async<'s, T: AsyncTransaction>(
                &'s mut self,
                scope: &'s mut AsyncScope<T>,
                attempts: &'s mut Attempts,
            ) -> impl Future<Output = Option<End<Result<V, E>>>> + use<'s, V, E, T> {
                scope.end_or_restart(self, $look, attempts)
            }
        }
    )*};
}
ends! {
    [StdError + 'static] Returned<Result<V, E>, Static>, |error| Some(error);
    [StdError] Returned<Result<V, E>, AnyLifetime>, E::source;
    [AsRef<dyn StdError + Send + Sync>] Shared<Result<V, E>>, |error| Some(error.as_ref());
    [AsRef<dyn StdError>] Boxed<Result<V, E>>, |error| Some(error.as_ref());
    [Sized] Opaque<Result<V, E>>, |_| None;
}

macro_rules! mistakes {
    ($($name:ident($($argument:ty)?) -> $end:ty;)*) => {
        impl<R> Mistaken<R> {$(
            /// For a call that does not compile, because of what [`returns`](crate::__private::returns) asks for.
            ///
            /// # Errors
            ///
            /// None, as it is never called.
            pub fn $name<T>(&mut self, _: &mut T $(, _: $argument)?) -> $end {
                unreachable!("what is returned is a `Result`")
            }
        )*}
    };
}
mistakes! {
    __commit_or_rollback() -> End<R>;
    __commit_or_restart(&mut Attempts) -> Option<End<R>>;
    __commit_or_rollback_async() -> Ready<End<R>>;
    __commit_or_restart_async(&mut Attempts) -> Ready<Option<End<R>>>;
}

//! The result of a body, and the end that it gives its transaction.
//!
//! A driver looks at the error of a body, whatever its type is. How depends on the type: a method call tries
//! [`Returned`] first, and where its error is not what is asked for there, what that dereferences to. So generated code
//! makes one call, and that asks for nothing: [`returns`](crate::__private::returns) is to be the only one that does.

use std::error::Error as StdError;
use std::future::{Future, Ready};
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};

use super::{AsyncScope, Scope};
use crate::attempts::Attempts;
use crate::error::Error;
use crate::transaction::{AsyncTransaction, Transaction};

/// The error of a body borrows nothing.
#[derive(Debug)]
pub enum Static {}

/// The error of a body may borrow something, and it is what caused it that can be looked at.
#[derive(Debug)]
pub enum AnyLifetime {}

/// The value of a body, if that is a `Result` whose error is an `Error`.
#[derive(Debug)]
pub struct Returned<R, L>(Shared<R>, PhantomData<L>);

/// A `Result` with `anyhow::Error`, `eyre::Report`, `Box<dyn Error + Send + Sync>`.
#[derive(Debug)]
pub struct Shared<R>(Boxed<R>);

/// A `Result` with `Box<dyn Error>`.
#[derive(Debug)]
pub struct Boxed<R>(Opaque<R>);

/// A `Result` with anything else.
#[derive(Debug)]
pub struct Opaque<R>(Mistaken<R>);

/// Something that is not a `Result`, which is reported elsewhere. `None` after the end.
#[derive(Debug)]
pub struct Mistaken<R>(Option<R>);

impl<R, L> Returned<R, L> {
    #[inline]
    pub(crate) fn new(result: R) -> Self {
        let result = Mistaken(Some(result));
        Self(Shared(Boxed(Opaque(result))), PhantomData)
    }
}

impl<R> Mistaken<R> {
    #[inline]
    pub(crate) fn result(&mut self) -> &mut R {
        match &mut self.0 {
            Some(result) => result,
            None => unreachable!("a body has one end"),
        }
    }

    #[inline]
    pub(crate) fn take(&mut self) -> R {
        match self.0.take() {
            Some(result) => result,
            None => unreachable!("a body has one end"),
        }
    }
}

macro_rules! dereferences {
    ($([$($generics:tt)*] $from:ty => $to:ty;)*) => {$(
        impl<$($generics)*> Deref for $from {
            type Target = $to;

            #[inline]
            fn deref(&self) -> &$to {
                &self.0
            }
        }

        impl<$($generics)*> DerefMut for $from {
            #[inline]
            fn deref_mut(&mut self) -> &mut $to {
                &mut self.0
            }
        }
    )*};
}
dereferences! {
    [R, L] Returned<R, L> => Shared<R>;
    [R] Shared<R> => Boxed<R>;
    [R] Boxed<R> => Opaque<R>;
    [R] Opaque<R> => Mistaken<R>;
}

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
            pub fn commit_or_rollback<T: Transaction>(
                &mut self,
                scope: &mut Scope<T>,
            ) -> End<Result<V, E>> {
                scope.end(self.take(), $look)
            }

            /// Does as `commit_or_rollback`, but a transaction that failed only because of others is begun again, and
            /// nothing returned, while there are attempts left.
            pub fn commit_or_restart<T: Transaction>(
                &mut self,
                scope: &mut Scope<T>,
                attempts: &mut Attempts,
            ) -> Option<End<Result<V, E>>> {
                scope.end_or_restart(self.take(), $look, attempts)
            }

            /// Does as `commit_or_rollback`. The value stays where it is, as a future would keep room for it twice.
            pub fn commit_or_rollback_async<'s, T: AsyncTransaction>(
                &'s mut self,
                scope: &'s mut AsyncScope<T>,
            ) -> impl Future<Output = End<Result<V, E>>> + use<'s, V, E, T> {
                scope.end(self, $look)
            }

            /// Does as `commit_or_restart`.
            pub fn commit_or_restart_async<'s, T: AsyncTransaction>(
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
    commit_or_rollback() -> End<R>;
    commit_or_restart(&mut Attempts) -> Option<End<R>>;
    commit_or_rollback_async() -> Ready<End<R>>;
    commit_or_restart_async(&mut Attempts) -> Ready<Option<End<R>>>;
}

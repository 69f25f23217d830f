//! The result of a body, and the end that it gives its transaction.
//!
//! A driver looks at the error of a body, whatever its type is. How depends on the type: a method call tries
//! [`Returned`] first, and where its error is not what is asked for there, what that dereferences to. So generated code
//! makes one call, and that asks for nothing: [`returns`](crate::__private::returns) is to be the only one that does.

use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};

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

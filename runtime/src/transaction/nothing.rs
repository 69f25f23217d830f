//! Implemented by nothing. Where a type has a single candidate, rustc takes it for the right one and goes on with a
//! transaction that is none; with more of them, it says that the type is no source, and nothing else. So there are
//! always two.

use super::{AsyncBegin, AsyncTransaction, Begin, Transaction};
use crate::error::BoxError;

pub trait Nothing {
    type Transaction: Transaction;
}

pub trait AsyncNothing: Send {
    type Transaction: AsyncTransaction;
}

macro_rules! sources_of_nothing {
    ($($marker:ident)*) => {$(
        #[derive(Debug)]
        pub struct $marker;

        #[diagnostic::do_not_recommend]
        impl<S: Nothing> Begin<$marker> for S {
            type Transaction = S::Transaction;

            fn acquire_session(self) -> Result<Self::Transaction, BoxError> {
                unreachable!("no type is `Nothing`")
            }
        }

        #[diagnostic::do_not_recommend]
        impl<S: AsyncNothing> AsyncBegin<$marker> for S {
            type Transaction = S::Transaction;

            async fn acquire_session(self) -> Result<Self::Transaction, BoxError> {
                unreachable!("no type is `AsyncNothing`")
            }
        }
    )*};
}

sources_of_nothing!(NoDriver NoOtherDriver);

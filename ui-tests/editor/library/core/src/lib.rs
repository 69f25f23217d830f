//! The core of the standard library as far as the tests of an editor need it: the types and traits by which rust-analyzer
//! finds out what the expression before a dot is.

#![no_core]
#![feature(lang_items)]

#[prelude_import]
use prelude::rust_2024::*;

pub mod marker {
    #[lang = "pointee_sized"]
    pub trait PointeeSized {}

    #[lang = "meta_sized"]
    pub trait MetaSized: PointeeSized {}

    #[lang = "sized"]
    pub trait Sized: MetaSized {}

    #[lang = "tuple_trait"]
    pub trait Tuple {}

    pub unsafe auto trait Send {}
}

pub mod ops {
    use crate::marker::Tuple;

    #[lang = "deref"]
    pub trait Deref {
        #[lang = "deref_target"]
        type Target: ?Sized;

        fn deref(&self) -> &Self::Target;
    }

    #[lang = "fn_once"]
    pub trait FnOnce<Args: Tuple> {
        #[lang = "fn_once_output"]
        type Output;

        extern "rust-call" fn call_once(self, args: Args) -> Self::Output;
    }
}

pub mod result {
    pub enum Result<T, E> {
        #[lang = "Ok"]
        Ok(T),
        #[lang = "Err"]
        Err(E),
    }
}

pub mod future {
    #[lang = "future_trait"]
    pub trait Future {
        #[lang = "future_output"]
        type Output;
    }

    pub trait IntoFuture {
        type Output;
        type IntoFuture: Future<Output = Self::Output>;

        #[lang = "into_future"]
        fn into_future(self) -> Self::IntoFuture;
    }

    impl<F: Future> IntoFuture for F {
        type Output = F::Output;
        type IntoFuture = F;

        fn into_future(self) -> F {
            self
        }
    }
}

pub mod prelude {
    pub mod rust_2024 {
        pub use crate::future::{Future, IntoFuture};
        pub use crate::marker::{Send, Sized};
        pub use crate::ops::FnOnce;
        pub use crate::result::Result::{self, Err, Ok};
    }

    pub use rust_2024 as rust_2021;
}

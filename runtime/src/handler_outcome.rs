//! What a deferred call and a handler may return.

use crate::error::BoxError;

/// The value of a deferred call: `()`, or a `Result<(), E>` whose error is reported.
#[diagnostic::on_unimplemented(
    message = "a deferred call returns `()` or `Result<(), E>`, found `{Self}`",
    label = "nobody would look at this value",
    note = "to throw the value away, write a block: `defer! {{ f(a); }}`",
    note = "for an async call, write `defer!(f(a).await)`"
)]
pub trait HandlerOutcome: sealed::Sealed {
    #[doc(hidden)]
    fn into_result(self) -> Result<(), BoxError>;
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for () {}
    impl Sealed for Never {}
    impl<E> Sealed for Result<(), E> {}

    /// The type `!`, which has no name that could be written here yet
    /// ([rust-lang/rust#35121](https://github.com/rust-lang/rust/issues/35121)).
    pub(super) type Never = <fn() -> ! as Returning>::Output;

    pub trait Returning {
        type Output;
    }

    impl<T> Returning for fn() -> T {
        type Output = T;
    }
}

impl HandlerOutcome for () {
    fn into_result(self) -> Result<(), BoxError> {
        Ok(())
    }
}

/// A call that diverges has nothing to report.
#[diagnostic::do_not_recommend]
impl HandlerOutcome for sealed::Never {
    fn into_result(self) -> Result<(), BoxError> {
        self
    }
}

impl<E: HandlerError> HandlerOutcome for Result<(), E> {
    fn into_result(self) -> Result<(), BoxError> {
        self.map_err(HandlerError::into_box)
    }
}

/// The error of a deferred call.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be reported as the error of a deferred call",
    label = "expected an error type",
    note = "implement `std::error::Error` for it; it must be `Send + Sync`"
)]
pub trait HandlerError {
    #[doc(hidden)]
    fn into_box(self) -> BoxError;
}

#[diagnostic::do_not_recommend]
impl<E: Into<BoxError>> HandlerError for E {
    fn into_box(self) -> BoxError {
        self.into()
    }
}

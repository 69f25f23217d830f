//! Sizes of futures, with the attribute and without.

use crate::driver::Nothing;
use crate::futures::{annotated, plain};

/// A future with the attribute, and without.
#[derive(Clone, Copy, Debug)]
pub struct Sizes {
    /// The name of the row, which says what the body holds.
    pub body: &'static str,
    /// The bytes of the future with the attribute.
    pub annotated: usize,
    /// The bytes of the future without it.
    pub plain: usize,
}

/// The sizes for each kind of body.
#[must_use]
pub fn of_futures() -> [Sizes; 3] {
    let (one, other) = (&mut Nothing::default(), &mut Nothing::default());
    let flat = Sizes {
        body: "a body that holds nothing",
        annotated: size_of_val(&annotated::flat(one, 0)),
        plain: size_of_val(&plain::flat(other, 0)),
    };
    let roomy = Sizes {
        body: "a body that holds 512 bytes",
        annotated: size_of_val(&annotated::roomy(one, 0)),
        plain: size_of_val(&plain::roomy(other, 0)),
    };
    let nested = Sizes {
        body: "a block in a block",
        annotated: size_of_val(&annotated::nested(one, 0)),
        plain: size_of_val(&plain::nested(other, 0)),
    };
    [flat, roomy, nested]
}

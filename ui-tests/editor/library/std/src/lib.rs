//! The standard library as far as the tests of an editor need it.

#![no_std]

pub use core::*;

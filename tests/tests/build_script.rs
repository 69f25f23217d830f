//! The build script, which derives the forms of the contract suite.
#![allow(missing_docs, reason = "a test program")]

#[path = "../build.rs"]
#[allow(dead_code, reason = "its `main` is for cargo")]
mod build;

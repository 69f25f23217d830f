// What holds for every driver. Written in async form; the build script derives the sync form.

mod commit_and_rollback;
mod ended;
mod error_types;
mod foreign;
mod hook_failures;
mod hooks;
mod mixed;
mod model;
mod model_by_hand;
mod nested_hooks;
mod nesting;
mod outside;
mod panics;
mod pools;

//! Tables in Markdown files, made from what tests have said.

pub mod layout;
pub mod marked;

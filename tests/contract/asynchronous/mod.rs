//! What only async drivers have.

mod begun_with_sqlx;
mod cancellation;
mod sources;
mod tasks;

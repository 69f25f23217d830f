//! What only async drivers have.

mod begun_with_sqlx;
mod cancellation;
mod given_up;
mod guards;
mod sources;
mod tasks;

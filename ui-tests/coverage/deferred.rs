//! Calls that may never run: each has to be a function of its own for `-C instrument-coverage`.

use commit_on_success::{commit_on_success, defer, try_defer};
use commit_on_success_ui_tests::{Connection, DbError};

pub fn send(_: u32) {}

#[commit_on_success]
pub fn place(_conn: &mut Connection, order: u32) -> Result<(), DbError> {
    defer!(send(order));
    defer! {
        send(order);
    }
    defer!(robust => send(order));
    let _ = try_defer!(send(order));
    Ok(())
}

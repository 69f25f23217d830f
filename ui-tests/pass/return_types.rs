//! Aliases, and every error that can hold the one of a transaction.
#![deny(warnings)]

use commit_on_success::commit_on_success;
use commit_on_success_ui_tests::{Connection, DbError};

type Alias<T, E = DbError> = Result<T, E>;
type Plain = std::result::Result<usize, DbError>;

trait Service {
    type Output;
}
impl Service for () {
    type Output = Plain;
}

macro_rules! plain {
    () => {
        Plain
    };
}

#[commit_on_success]
fn alias(conn: &mut Connection) -> Alias<usize> {
    conn.execute("UPDATE")
}

#[commit_on_success]
fn plain(conn: &mut Connection) -> Plain {
    conn.execute("UPDATE")
}

#[commit_on_success]
fn projected(conn: &mut Connection) -> <() as Service>::Output {
    conn.execute("UPDATE")
}

#[commit_on_success]
fn from_a_macro(conn: &mut Connection) -> plain!() {
    conn.execute("UPDATE")
}

#[commit_on_success]
fn boxed(conn: &mut Connection) -> Result<usize, Box<dyn std::error::Error>> {
    Ok(conn.execute("UPDATE")?)
}

#[commit_on_success]
fn boxed_send(conn: &mut Connection) -> Result<usize, Box<dyn std::error::Error + Send + Sync>> {
    Ok(conn.execute("UPDATE")?)
}

#[commit_on_success]
fn own_error(conn: &mut Connection) -> Result<usize, commit_on_success::Error> {
    conn.execute("UPDATE").ok();
    Ok(1)
}

#[commit_on_success]
fn never(conn: &mut Connection) -> Result<std::convert::Infallible, DbError> {
    Err(conn.execute("FAIL").unwrap_err())
}

#[commit_on_success]
fn generic<E: From<DbError> + From<commit_on_success::Error>>(
    conn: &mut Connection,
) -> Result<usize, E> {
    Ok(conn.execute("UPDATE")?)
}

fn main() {
    let mut conn = Connection::default();
    alias(&mut conn).unwrap();
    plain(&mut conn).unwrap();
    projected(&mut conn).unwrap();
    from_a_macro(&mut conn).unwrap();
    boxed(&mut conn).unwrap();
    boxed_send(&mut conn).unwrap();
    own_error(&mut conn).unwrap();
    never(&mut conn).unwrap_err();
    generic::<DbError>(&mut conn).unwrap();
}

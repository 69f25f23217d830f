//# moved
#[commit_on_success]
pub fn f(conn: &mut Connection, x: String) -> Result<(), DbError> { drop(x); drop(x); Ok(()) }
//# tail
#[commit_on_success]
pub fn f(conn: &mut Connection, x: String) -> Result<(), DbError> { conn.execute("x") }
//# block
pub fn f(conn: &mut Connection, x: String) -> Result<(), DbError> { transaction!(tx = conn, { tx.execute("x") }) }
//# defer
pub fn f(conn: &mut Connection, x: &Order) -> Result<(), DbError> { defer!(borrow(x)); Ok(()) }

//# result
#[commit_on_success]
pub fn f(conn: &mut Connection) -> Result<usize, DbError> {
    conn.execute("x")
}
//# std_result
#[commit_on_success]
pub fn f(conn: &mut Connection) -> std::result::Result<usize, DbError> {
    conn.execute("x")
}
//# core_result
#[commit_on_success]
pub fn f(conn: &mut Connection) -> ::core::result::Result<usize, DbError> {
    conn.execute("x")
}
//# alias
type Local = Result<usize, DbError>;
#[commit_on_success]
pub fn f(conn: &mut Connection) -> Local {
    conn.execute("x")
}
//# alias_generic
type Local<T, E = DbError> = std::result::Result<T, E>;
#[commit_on_success]
pub fn f(conn: &mut Connection) -> Local<usize> {
    conn.execute("x")
}
//# unit
#[commit_on_success]
pub fn f(conn: &mut Connection) -> Done {
    conn.execute("x")?;
    Ok(())
}
//# boxed_error
#[commit_on_success]
pub fn f(conn: &mut Connection) -> Result<usize, Box<dyn std::error::Error>> {
    Ok(conn.execute("x")?)
}
//# boxed_error_send
#[commit_on_success]
pub fn f(conn: &mut Connection) -> Result<usize, BoxError> {
    Ok(conn.execute("x")?)
}
//# boxed_error_from_text
#[commit_on_success]
pub fn f(conn: &mut Connection) -> Result<usize, BoxError> {
    conn.execute("x")?;
    Err("x".into())
}
//# app_error
#[commit_on_success]
pub fn f(conn: &mut Connection) -> Result<usize, AppError> {
    Ok(conn.execute("x")?)
}
//# opaque 2021
#[commit_on_success]
pub fn f(conn: &mut Connection) -> Done<impl Iterator<Item = usize>> {
    let count = conn.execute("x")?;
    Ok(std::iter::once(count))
}
//# opaque_use
#[commit_on_success]
pub fn f(conn: &mut Connection) -> Done<impl Iterator<Item = usize> + use<>> {
    let count = conn.execute("x")?;
    Ok(std::iter::once(count))
}
//# opaque_debug
#[commit_on_success]
pub fn f(conn: &mut Connection) -> Done<impl Debug + use<>> {
    conn.execute("x")
}
//# boxed_iterator
#[commit_on_success]
pub fn f(conn: &mut Connection) -> Done<Box<dyn Iterator<Item = usize>>> {
    let count = conn.execute("x")?;
    Ok(Box::new(std::iter::once(count)))
}
//# boxed_iterator_of_opaque
#[commit_on_success]
pub fn f(conn: &mut Connection) -> Done<Box<dyn Iterator<Item = Box<dyn Display>>>> {
    let count = conn.execute("x")?;
    Ok(Box::new(std::iter::once(Box::new(count) as Box<dyn Display>)))
}
//# boxed_function
#[commit_on_success]
pub fn f(conn: &mut Connection) -> Done<Box<dyn Fn(usize) -> usize>> {
    let count = conn.execute("x")?;
    Ok(Box::new(move |it| it ^ count))
}
//# function_pointer
#[commit_on_success]
pub fn f(conn: &mut Connection) -> Done<fn(usize) -> usize> {
    conn.execute("x")?;
    Ok(|it| it ^ 1)
}
//# nested_result
#[commit_on_success]
pub fn f(conn: &mut Connection) -> Done<Result<usize, AppError>> {
    conn.execute("x")?;
    Ok(Err(AppError::new("x")))
}
//# option
#[commit_on_success]
pub fn f(conn: &mut Connection) -> Done<Option<usize>> {
    conn.execute("x").map(Some)
}
//# unnecessary_wraps
#[commit_on_success]
pub fn f(_conn: &mut Connection, order: Order) -> Done<usize> {
    drop(order);
    Ok(3)
}
//# tuple
#[commit_on_success]
pub fn f(conn: &mut Connection, order: Order) -> Done<(usize, String)> {
    Ok((conn.execute("x")?, order.title))
}
//# cow
#[commit_on_success]
pub fn f(conn: &mut Connection) -> Done<Cow<'static, str>> {
    conn.execute("x")?;
    Ok("x".into())
}
//# parsed
#[commit_on_success]
pub fn f(conn: &mut Connection) -> Done<u8> {
    conn.execute("x")?;
    Ok("3".parse().unwrap_or_default())
}
//# collected
//~ only plain clippy::needless_pass_by_value: moved
#[commit_on_success]
pub fn f(conn: &mut Connection, order: Order) -> Done<Vec<usize>> {
    order.lines.iter().map(|line| conn.execute(&line.to_string())).collect()
}
//# sum
//~ only plain clippy::needless_pass_by_value: moved
#[commit_on_success]
pub fn f(conn: &mut Connection, order: Order) -> Done<usize> {
    order.lines.iter().map(|line| conn.execute(&line.to_string())).sum()
}
//# coerced_slice
#[commit_on_success]
pub fn f(conn: &mut Connection) -> Done<&'static [u8]> {
    conn.execute("x")?;
    Ok(&[1, 2, 3])
}
//# coerced_dyn
//~ only annotated clippy::default_numeric_fallback: valued
#[commit_on_success]
pub fn f(conn: &mut Connection) -> Done<&'static dyn Display> {
    conn.execute("x")?;
    Ok(&3)
}
//# borrows_argument
#[commit_on_success]
pub fn f<'a>(conn: &mut Connection, order: &'a Order) -> Done<&'a str> {
    conn.execute(&order.title)?;
    Ok(&order.title)
}
//# large_error
//~ only annotated clippy::result_large_err: large
#[derive(Debug)]
pub struct Big([u8; 400]);
impl From<TransactionError> for Big {
    fn from(_: TransactionError) -> Self {
        Self([0; 400])
    }
}
#[commit_on_success]
pub fn f(conn: &mut Connection) -> Result<usize, Big> {
    conn.execute("x").map_err(|_| Big([0; 400]))
}
//# unit_error_mapped
//~ only annotated clippy::single_call_fn: named
//~ only plain dead_code: named
fn none(_: TransactionError) {}
#[commit_on_success(map_err = none)]
pub fn f(conn: &mut Connection) -> Result<usize, ()> {
    conn.execute("x").map_err(|_| ())
}
//# error_mapped
//~ only annotated clippy::single_call_fn: named
//~ only plain dead_code: named
fn none(error: TransactionError) -> (u16, String) {
    (503, error.to_string())
}
#[commit_on_success(map_err = none)]
pub fn f(conn: &mut Connection) -> Result<usize, (u16, String)> {
    conn.execute("x").map_err(|error| (500, error.to_string()))
}
//# generic_error
#[commit_on_success]
pub fn f<E: From<TransactionError> + From<DbError>>(conn: &mut Connection) -> Result<usize, E> {
    Ok(conn.execute("x")?)
}
//# macro_type
macro_rules! result {
    ($ty:ty) => { Result<$ty, DbError> };
}
#[commit_on_success]
pub fn f(conn: &mut Connection) -> result!(usize) {
    conn.execute("x")
}
//# parenthesised
#[commit_on_success]
pub fn f(conn: &mut Connection) -> (Result<usize, DbError>) {
    conn.execute("x")
}
//# never_ok
#[commit_on_success]
pub fn f(conn: &mut Connection) -> Result<std::convert::Infallible, DbError> {
    loop {
        conn.execute("x")?;
    }
}

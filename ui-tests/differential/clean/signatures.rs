//# plain
#[commit_on_success]
pub fn f(conn: &mut Connection, id: i64) -> Result<usize, DbError> {
    conn.execute(&id.to_string())
}
//# private
#[commit_on_success]
fn f(conn: &mut Connection, id: i64) -> Result<usize, DbError> {
    conn.execute(&id.to_string())
}
//# pub_crate
#[commit_on_success]
pub(crate) fn f(conn: &mut Connection) -> Done<usize> {
    conn.execute("x")
}
//# pub_super
#[commit_on_success]
pub(super) fn f(conn: &mut Connection) -> Done<usize> {
    conn.execute("x")
}
//# pub_in
#[commit_on_success]
pub(in crate::signatures_pub_in) fn f(conn: &mut Connection) -> Done<usize> {
    conn.execute("x")
}
//# generic
#[commit_on_success]
pub fn f<T: Display>(conn: &mut Connection, value: T) -> Done<usize> {
    conn.execute(&value.to_string())
}
//# generic_where
//~ only plain clippy::redundant_clone: captured
#[commit_on_success]
pub fn f<T>(conn: &mut Connection, value: T) -> Done<usize>
where
    T: Display + Clone,
{
    conn.execute(&value.clone().to_string())
}
//# const_generic
#[commit_on_success]
pub fn f<const N: usize>(conn: &mut Connection, names: [&str; N]) -> Done<usize> {
    for name in names {
        conn.execute(name)?;
    }
    Ok(N)
}
//# lifetime
#[commit_on_success]
pub fn f<'a>(conn: &mut Connection, name: &'a str) -> Done<&'a str> {
    conn.execute(name)?;
    Ok(name)
}
//# two_lifetimes
#[commit_on_success]
pub fn f<'a, 'b: 'a>(conn: &mut Connection, one: &'a str, two: &'b str) -> Done<&'a str> {
    conn.execute(one)?;
    Ok(if one.is_empty() { two } else { one })
}
//# needless_lifetime
#[commit_on_success]
pub fn f<'a>(conn: &'a mut Connection, name: &str) -> Done<usize> {
    conn.execute(name)
}
//# unused_lifetime
#[commit_on_success]
pub fn f<'a>(conn: &mut Connection, name: &str) -> Done<usize> {
    conn.execute(name)
}
//# unused_type_parameter
#[commit_on_success]
pub fn f<T>(conn: &mut Connection, name: &str) -> Done<usize> {
    conn.execute(name)
}
//# higher_ranked
#[commit_on_success]
pub fn f<F: for<'a> Fn(&'a str) -> &'a str>(conn: &mut Connection, change: F) -> Done<usize> {
    conn.execute(change("x"))
}
//# impl_argument
#[commit_on_success]
pub fn f(conn: &mut Connection, name: impl AsRef<str>) -> Done<usize> {
    conn.execute(name.as_ref())
}
//# impl_into
#[commit_on_success]
pub fn f(conn: &mut Connection, name: impl Into<String>) -> Done<usize> {
    conn.execute(&name.into())
}
//# dyn_argument
#[commit_on_success]
pub fn f(conn: &mut Connection, name: &dyn Display) -> Done<usize> {
    conn.execute(&name.to_string())
}
//# boxed_closure
#[commit_on_success]
pub fn f(conn: &mut Connection, change: Box<dyn FnOnce(&mut Connection) -> Done<usize>>) -> Done<usize> {
    change(conn)
}
//# closure_argument
#[commit_on_success]
pub fn f(conn: &mut Connection, mut change: impl FnMut(usize)) -> Done<usize> {
    let count = conn.execute("x")?;
    change(count);
    Ok(count)
}
//# pointer_to_function
#[commit_on_success]
pub fn f(conn: &mut Connection, change: fn(usize) -> usize) -> Done<usize> {
    conn.execute("x").map(change)
}
//# unsafe_function
#[commit_on_success]
pub unsafe fn f(conn: &mut Connection) -> Done<usize> {
    conn.execute("x")
}
//# unsafe_call_inside
unsafe fn risky() {}
#[commit_on_success]
pub unsafe fn f(conn: &mut Connection) -> Done<usize> {
    unsafe { risky() };
    conn.execute("x")
}
//# unsafe_call_without_block 2021
unsafe fn risky() {}
#[commit_on_success]
pub unsafe fn f(conn: &mut Connection) -> Done<usize> {
    risky();
    conn.execute("x")
}
//# async_function
#[commit_on_success]
pub async fn f(conn: &mut AsyncConnection, name: &str) -> Done<usize> {
    conn.execute(name).await
}
//# async_generic
#[commit_on_success]
pub async fn f<T: Display + Send + Sync>(conn: &mut AsyncConnection, value: T) -> Done<usize> {
    conn.execute(&value.to_string()).await
}
//# async_lifetime
#[commit_on_success]
pub async fn f<'a>(conn: &mut AsyncConnection, name: &'a str) -> Done<&'a str> {
    conn.execute(name).await?;
    Ok(name)
}
//# async_const_generic
#[commit_on_success]
pub async fn f<const N: usize>(conn: &mut AsyncConnection, names: [String; N]) -> Done<usize> {
    for name in &names {
        conn.execute(name).await?;
    }
    Ok(N)
}
//# async_impl_argument
#[commit_on_success]
pub async fn f(conn: &mut AsyncConnection, name: impl AsRef<str> + Send + Sync) -> Done<usize> {
    conn.execute(name.as_ref()).await
}
//# tuple_pattern
#[commit_on_success]
pub fn f(conn: &mut Connection, (id, name): (i64, String)) -> Done<usize> {
    conn.execute(&format!("{id}{name}"))
}
//# struct_pattern
#[commit_on_success]
pub fn f(conn: &mut Connection, Order { id, title, .. }: Order) -> Done<usize> {
    conn.execute(&format!("{id}{title}"))
}
//# reference_pattern
#[commit_on_success]
pub fn f(conn: &mut Connection, &id: &i64) -> Done<usize> {
    conn.execute(&id.to_string())
}
//# array_pattern
#[commit_on_success]
pub fn f(conn: &mut Connection, [one, _, two]: [u8; 3]) -> Done<usize> {
    conn.execute(&(one ^ two).to_string())
}
//# wildcard
#[commit_on_success]
pub fn f(conn: &mut Connection, _: String) -> Done<usize> {
    conn.execute("x")
}
//# binding_at
#[commit_on_success]
pub fn f(conn: &mut Connection, all @ (one, _): (u8, u8)) -> Done<usize> {
    conn.execute(&format!("{all:?}{one}"))
}
//# ref_pattern
#[commit_on_success]
pub fn f(conn: &mut Connection, ref name: String) -> Done<usize> {
    conn.execute(name)
}
//# mut_parameter
#[commit_on_success]
pub fn f(conn: &mut Connection, mut id: i64) -> Done<usize> {
    id ^= 1;
    conn.execute(&id.to_string())
}
//# needless_mut
#[commit_on_success]
pub fn f(conn: &mut Connection, mut id: i64) -> Done<usize> {
    conn.execute(&id.to_string())
}
//# mut_in_pattern
#[commit_on_success]
pub fn f(conn: &mut Connection, (mut id, mut name): (i64, String)) -> Done<usize> {
    id ^= 1;
    conn.execute(&format!("{id}{name}"))
}
//# unused_parameter
#[commit_on_success]
pub fn f(conn: &mut Connection, id: i64) -> Done<usize> {
    conn.execute("x")
}
//# unused_in_pattern
#[commit_on_success]
pub fn f(conn: &mut Connection, (id, name): (i64, String)) -> Done<usize> {
    conn.execute(&name)
}
//# underscored_parameter
#[commit_on_success]
pub fn f(conn: &mut Connection, _id: i64) -> Done<usize> {
    conn.execute("x")
}
//# underscored_and_used
#[commit_on_success]
pub fn f(conn: &mut Connection, _id: i64) -> Done<usize> {
    conn.execute(&_id.to_string())
}
//# assigned_and_not_read
//~ only annotated unused_assignments: captured
//~ other words unused_variables: captured
#[commit_on_success]
pub fn f(conn: &mut Connection, mut id: i64) -> Done<usize> {
    id = 3;
    conn.execute("x")
}
//# allowed_parameter
#[commit_on_success]
pub fn f(conn: &mut Connection, #[allow(unused_variables)] id: i64) -> Done<usize> {
    conn.execute("x")
}
//# expected_parameter
#[commit_on_success]
pub fn f(conn: &mut Connection, #[expect(unused_variables)] id: i64) -> Done<usize> {
    conn.execute("x")
}
//# unfulfilled_expectation
#[commit_on_success]
pub fn f(conn: &mut Connection, #[expect(unused_variables)] id: i64) -> Done<usize> {
    conn.execute(&id.to_string())
}
//# conditional_parameter
#[commit_on_success]
pub fn f(conn: &mut Connection, #[cfg(any())] id: i64, #[cfg(all())] name: &str) -> Done<usize> {
    conn.execute(name)
}
//# conditional_function
#[cfg(any())]
#[commit_on_success]
pub fn f(conn: &mut Connection) -> Done<usize> {
    unknown
}
#[cfg(all())]
#[commit_on_success]
pub fn f(conn: &mut Connection) -> Done<usize> {
    conn.execute("x")
}
//# attributes
/// Documented.
///
/// # Errors
///
/// Always.
#[inline]
#[must_use = "why not"]
#[commit_on_success]
#[cold]
pub fn f(conn: &mut Connection) -> Done<usize> {
    conn.execute("x")
}
//# deprecated
#[deprecated]
#[commit_on_success]
pub fn f(conn: &mut Connection) -> Done<usize> {
    conn.execute("x")
}
#[commit_on_success]
pub fn g(conn: &mut Connection) -> Done<usize> {
    f(conn)
}
//# unconnected
//~ only plain clippy::missing_const_for_fn: constant
//~ only plain unused_variables: unused
#[commit_on_success]
pub fn f(conn: &mut Connection, id: i64) -> Done<i64> {
    Ok(id)
}
//# underscored_connection
//~ only plain clippy::missing_const_for_fn: constant
#[commit_on_success]
pub fn f(_conn: &mut Connection) -> Done {
    Ok(())
}
//# mut_connection
//~ only plain unused_mut: unused
#[commit_on_success]
pub fn f(mut conn: &mut Connection) -> Done<usize> {
    conn.execute("x")
}
//# connection_named
#[commit_on_success(conn)]
pub fn f(name: &str, conn: &mut Connection) -> Done<usize> {
    conn.execute(name)
}
//# connection_in_pattern
#[commit_on_success(conn)]
pub fn f((conn, id): (&mut Connection, i64)) -> Done<usize> {
    conn.execute(&id.to_string())
}
//# owned_connection
#[commit_on_success]
pub fn f(mut conn: Pooled) -> Done<usize> {
    conn.execute("x")
}
//# many_arguments
#[commit_on_success]
pub fn f(conn: &mut Connection, a: u8, b: u8, c: u8, d: u8, e: u8, g: u8, h: u8, i: u8) -> Done<usize> {
    conn.execute(&format!("{a}{b}{c}{d}{e}{g}{h}{i}"))
}
//# many_bools
#[commit_on_success]
pub fn f(conn: &mut Connection, a: bool, b: bool, c: bool, d: bool) -> Done<usize> {
    conn.execute(&format!("{a}{b}{c}{d}"))
}
//# needless_reference
#[commit_on_success]
pub fn f(conn: &mut Connection, id: &u8) -> Done<usize> {
    conn.execute(&id.to_string())
}
//# reference_to_string
#[commit_on_success]
pub fn f(conn: &mut Connection, name: &String, list: &Vec<u8>) -> Done<usize> {
    conn.execute(&format!("{name}{}", list.len()))
}
//# needless_mutable_reference
#[commit_on_success]
pub fn f(conn: &mut Connection, name: &mut String) -> Done<usize> {
    conn.execute(name)
}
//# by_value
//~ only plain clippy::needless_pass_by_value: moved
#[commit_on_success]
pub fn f(conn: &mut Connection, name: String) -> Done<usize> {
    conn.execute(&name)
}
//# large_argument
#[commit_on_success]
pub fn f(conn: &mut Connection, bytes: [u8; 1024]) -> Done<usize> {
    conn.execute(&bytes.len().to_string())
}
//# complex_type
#[commit_on_success]
pub fn f(conn: &mut Connection, list: &[(Option<Result<Vec<Box<dyn Fn(u8) -> Option<u8>>>, String>>, u8)]) -> Done<usize> {
    conn.execute(&list.len().to_string())
}

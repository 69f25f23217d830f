//! Valid inputs, for mutations to spoil.

pub(super) const ARGUMENTS: &[&str] = &[
    "",
    "conn",
    "conn,",
    "tx = pool",
    "tx = &mut pool.get()?",
    "tx = &mut self.conn",
    "tx = self.conn, isolation = serializable, read_only, deferrable",
    "tx = f::<A, B>(|a, b| a + b), mode = immediate",
    "tx = pool, crate = a::b, propagation = durable, settle",
    "crate = ::a, conn, attempts = 3, backoff = Duration::from_millis(10)",
    "propagation = nested, no_rollback_for = AppError::is_harmless",
    "tx = match x { _ => pool }, no_rollback_for = |error| error.is_harmless()",
    "read_only",
    "tx = pool, set(\"app.tenant\" = tenant.id, lock_timeout = \"1s\"), attempts = 3",
    "pragma(foreign_keys = false)",
];

pub(super) const FUNCTIONS: &[&str] = &[
    "fn f(conn: &mut C) -> Result<(), E> { conn.execute(\"UPDATE\")?; Ok(()) }",
    "/** text */ #[inline] pub(in a::b) async unsafe extern \"Rust\" fn f<'a, T: A<'a> + ?Sized, const N: usize>\
     (self: &Arc<Self>, #[cfg(any())] mut conn: &'a mut C, (x, [y, ..]): (T, [i64; N])) \
     -> Result<&'a str, Box<dyn Error + 'a>> where T: 'a, for<'b> &'b T: Into<i64> { \
     #![allow(unused)] defer!(g(x).await); tx.execute(y).await?; Ok(\"text\") }",
    "pub fn f(&'a mut self, State(pool): State<Pool>) -> impl Future<Output = Result<T, E>> + Send + use<'a> \
     { let x = 1; async move { tx.execute(x).await } }",
    "fn f<'c>(conn: &'c mut C) -> Pin<Box<dyn Future<Output = R> + Send + 'c>> \
     { if a { b } Box::pin(async move { 'x: loop { break 'x Ok(()) } }) }",
    "fn f(conn: C) -> BoxFuture<'static, Result<(), E>> { async { return Err(E)?; }.boxed() }",
    "default fn f(mut self: Box<Self>, ref mut conn: C, x @ Some(_): Option<u8>) -> <Self as A>::B \
     { if x > 0 && let Some(y) = z { |a| a.b::<C>(d); } match x { 0..=9 => Ok(1), _ => Err(2)?, } }",
    "fn f(self, conn: &mut C) -> Result<impl Iterator<Item = impl Display>, E> { Ok(a.iter().map(|x| x + 1)) }",
    "fn f<F>(conn: __invisible(&mut C), f: F) -> __invisible(Result<(), E>) where F: FnOnce(i64) -> bool \
     __invisible({ f(__invisible(1 + 2)); Ok(()) })",
];

/// Items that are not, or that are refused.
pub(super) const OTHERS: &[&str] = &[
    "const fn f(conn: &mut C) -> Option<()> { None }",
    "extern \"C\" fn f(conn: *mut C) { }",
    "unsafe extern \"C\" fn f(conn: *mut C, ...) -> Result<(), E> { }",
    "fn f(&self, conn: &mut C) -> Result<(), E>;",
    "fn main() -> R { let body = async { Ok(()) }; f(body) }",
    "unsafe impl<T> A for B<T> where T: C { fn f(conn: &mut C) -> Result<(), E> { Ok(()) } }",
    "pub struct A<T>(pub T);",
    "static mut A: [u8; 3] = [1, 2, 3];",
    "mod a { use b::{c as d, *}; }",
    "macro_rules! a { ($x:expr) => { $x } }",
];

pub(super) const DEFERRED: &[&str] = &[
    "f(a, b.c, &d[0], \"text\")",
    "crate = a::b, f(1).await",
    "f, a, b + 1,",
    "x.y.method::<T>(a, |b| b?)",
    "self.f(g().await?, x).await",
    "(a.b)(c)",
    "f(a.1.0)",
    "(move |x: i64| x + 1)(2)",
    "move || { f(a); g(b)?; Ok(()) }",
    "async move { f(a).await; g(b).await }",
    "async move { f(a).await }.await",
    "future.await",
    "f",
    "a::<T>::b",
    "let x = f(a)?; if x > 1 { return; } g(x);",
    "{ f(a); }",
    "unsafe { f(a) }",
    "println!(\"{x} {}\", y)",
    "match x { 0 => f(), _ => g(x) }",
    "fn g() {} g();",
    "f()?",
    "return",
    "async { f().await }",
    "f().await.unwrap()",
    "#[allow(unused)] f(a)",
    "__invisible(f)(__invisible(a + b), __invisible(c))",
];

pub(super) const TRANSACTIONS: &[&str] = &[
    "tx = pool => { tx.execute(\"UPDATE\")?; Ok(()) }",
    "async tx = &mut *conn, isolation = serializable, => { Ok(1) }",
    "conn => { conn.execute(\"UPDATE\").await }",
    "tx = self.conn, attempts = 3, backoff = a::B { c: 1 } => { let x = async { y.await }; Ok(()) }",
    "tx = pool.get()?, crate = a, no_rollback_for = |e| e.a() => __invisible({ Ok(()) })",
    "__invisible(tx) = __invisible(&mut conn), read_only => { match a { b => c, } }",
];

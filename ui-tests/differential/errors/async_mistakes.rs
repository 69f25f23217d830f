//# used_after_move
//~ other words E0382: captured
#[commit_on_success]
pub async fn f(conn: &mut AsyncConnection, order: Order) -> Done<usize> {
    send(order);
    send(order);
    conn.execute("x").await
}
//# moved_in_loop
//~ other words E0382: captured
#[commit_on_success]
pub async fn f(conn: &mut AsyncConnection, order: Order) -> Done<usize> {
    for _ in 0..3 { send_later(order).await; }
    conn.execute("x").await
}
//# moved_into_block
//~ other words E0382: captured
#[commit_on_success]
pub async fn f(conn: &mut AsyncConnection, order: Order) -> Done<usize> {
    let later = async move { send(order) };
    borrow(&order);
    later.await;
    conn.execute("x").await
}
//# connection_into_generic
fn take<T>(_: T) {}
#[commit_on_success]
pub async fn f(conn: &mut AsyncConnection) -> Done<usize> {
    take(conn);
    take(conn);
    Ok(3)
}
//# two_mutable_borrows
#[commit_on_success]
pub async fn f(conn: &mut AsyncConnection) -> Done<usize> {
    let one = &mut *conn;
    let two = &mut *conn;
    one.execute("x").await?;
    two.execute("y").await
}
//# two_futures
#[commit_on_success]
pub async fn f(conn: &mut AsyncConnection) -> Done<usize> {
    let one = conn.execute("x");
    let two = conn.execute("y");
    one.await?;
    two.await
}
//# not_mutable
//~ only annotated E0594: captured
//~ only annotated unused_assignments: captured
//~ only plain E0384: captured
//~ other words unused_variables: captured
#[commit_on_success]
pub async fn f(conn: &mut AsyncConnection, id: i64) -> Done<usize> {
    id += 1;
    conn.execute("x").await
}
//# not_mutable_borrow
//~ other words E0596: captured
#[commit_on_success]
pub async fn f(conn: &mut AsyncConnection, order: Order) -> Done<usize> {
    order.lines.push(3);
    conn.execute("x").await
}
//# missing_await
//~ other words E0308: closure
#[commit_on_success]
pub async fn f(conn: &mut AsyncConnection) -> Done<usize> {
    conn.execute("x")
}
//# missing_await_question_mark
#[commit_on_success]
pub async fn f(conn: &mut AsyncConnection) -> Done<usize> {
    conn.execute("x")?;
    Ok(3)
}
//# missing_await_field
#[commit_on_success]
pub async fn f(conn: &mut AsyncConnection) -> Done<usize> {
    let count = conn.execute("x");
    Ok(count + 1)
}
//# await_of_value
#[commit_on_success]
pub async fn f(conn: &mut AsyncConnection, order: Order) -> Done<usize> {
    order.id.await;
    conn.execute("x").await
}
//# wrong_tail
//~ other words E0308: closure
#[commit_on_success]
pub async fn f(conn: &mut AsyncConnection) -> Done<usize> {
    3
}
//# wrong_tail_unit
#[commit_on_success]
pub async fn f(conn: &mut AsyncConnection) -> Done<usize> {
    conn.execute("x").await?;
}
//# wrong_ok
#[commit_on_success]
pub async fn f(conn: &mut AsyncConnection) -> Done<usize> {
    conn.execute("x").await?;
    Ok("x")
}
//# wrong_ok_type
#[commit_on_success]
pub async fn f(conn: &mut AsyncConnection) -> Done<String> {
    conn.execute("x").await
}
//# wrong_error_type
#[commit_on_success]
pub async fn f(conn: &mut AsyncConnection) -> Result<usize, AppError> {
    conn.execute("x").await
}
//# wrong_return
#[commit_on_success]
pub async fn f(conn: &mut AsyncConnection) -> Done<usize> {
    if true { return Ok("x"); }
    conn.execute("x").await
}
//# wrong_return_bare
//~ other words E0069: closure
#[commit_on_success]
pub async fn f(conn: &mut AsyncConnection) -> Done<usize> {
    if true { return; }
    conn.execute("x").await
}
//# wrong_let
#[commit_on_success]
pub async fn f(conn: &mut AsyncConnection) -> Done<usize> {
    let id: u8 = "x";
    conn.execute("x").await
}
//# wrong_argument
#[commit_on_success]
pub async fn f(conn: &mut AsyncConnection) -> Done<usize> {
    conn.execute(3).await
}
//# question_mark_of_option
//~ other words E0277: closure
#[commit_on_success]
pub async fn f(conn: &mut AsyncConnection, order: Order) -> Done<usize> {
    order.lines.first()?;
    conn.execute("x").await
}
//# question_mark_of_other_error
#[commit_on_success]
pub async fn f(conn: &mut AsyncConnection) -> Done<usize> {
    "3".parse::<u8>()?;
    conn.execute("x").await
}
//# missing_bound
#[commit_on_success]
pub async fn f<T>(conn: &mut AsyncConnection, value: T) -> Done<usize> {
    conn.execute(&value.to_string()).await
}
//# unknown_name
#[commit_on_success]
pub async fn f(conn: &mut AsyncConnection) -> Done<usize> {
    drop(unknown);
    conn.execute("x").await
}
//# misspelt_connection
#[commit_on_success]
pub async fn f(conn: &mut AsyncConnection) -> Done<usize> {
    con.execute("x").await
}
//# unknown_method
#[commit_on_success]
pub async fn f(conn: &mut AsyncConnection) -> Done<usize> {
    conn.exeute("x").await
}
//# unknown_function
#[commit_on_success]
pub async fn f(conn: &mut AsyncConnection, order: Order) -> Done<usize> {
    sent(order).await;
    conn.execute("x").await
}
//# returns_local
#[commit_on_success]
pub async fn f(conn: &mut AsyncConnection) -> Done<&'static str> {
    let text = String::new();
    conn.execute(&text).await?;
    Ok(&text)
}
//# returns_argument
#[commit_on_success]
pub async fn f(conn: &mut AsyncConnection, order: Order) -> Done<&'static str> {
    conn.execute(&order.title).await?;
    Ok(order.title.as_str())
}
//# returns_shorter
//~ only annotated error: lifetime
//~ only plain error: lifetime
#[commit_on_success]
pub async fn f(conn: &mut AsyncConnection, one: &str) -> Done<&'static str> {
    conn.execute(one).await?;
    Ok(one)
}
//# borrows_too_long
#[commit_on_success]
pub async fn f(conn: &mut AsyncConnection) -> Done<usize> {
    let text;
    {
        let local = String::new();
        text = local.as_str();
    }
    conn.execute(text).await
}
//# type_needed
#[commit_on_success]
pub async fn f(conn: &mut AsyncConnection) -> Done<usize> {
    let list = Vec::new();
    drop(list);
    conn.execute("x").await
}
//# break_outside
//~ other words E0267: closure
#[commit_on_success]
pub async fn f(conn: &mut AsyncConnection) -> Done<usize> {
    break;
}
//# uninitialised
#[commit_on_success]
pub async fn f(conn: &mut AsyncConnection) -> Done<usize> {
    let id: i64;
    conn.execute(&id.to_string()).await
}
//# recursion
//~ other words E0733: awaited
#[commit_on_success]
pub async fn f(conn: &mut AsyncConnection, order: Order) -> Done<usize> {
    if order.id > 0 { return f(conn, order).await; }
    conn.execute("x").await
}
//# syntax
#[commit_on_success]
pub async fn f(conn: &mut AsyncConnection) -> Done<usize> {
    let = 3;
    conn.execute("x").await
}
//# missing_arm
//~ only annotated unused_variables: capturing
#[commit_on_success]
pub async fn f(conn: &mut AsyncConnection, order: Order) -> Done<usize> {
    match order.lines.first() { Some(_) => conn.execute("x").await }
}
//# await_in_closure
#[commit_on_success]
pub async fn f(conn: &mut AsyncConnection) -> Done<usize> {
    let run = || wait().await;
    conn.execute("x").await
}
//# unsafe_outside
unsafe fn risky() {}
#[commit_on_success]
pub async fn f(conn: &mut AsyncConnection) -> Done<usize> {
    risky();
    conn.execute("x").await
}
//# not_send_local
fn is_send<T: Send>(_: T) {}
#[commit_on_success]
async fn f(conn: &mut AsyncConnection) -> Done<usize> {
    let text = Rc::new(3);
    wait().await;
    drop(text);
    conn.execute("x").await
}
pub async fn caller(mut conn: AsyncConnection) {
    is_send(f(&mut conn));
}
//# not_send_guard
fn is_send<T: Send>(_: T) {}
#[commit_on_success]
async fn f(conn: &mut AsyncConnection) -> Done<usize> {
    let lock = Mutex::new(3);
    let guard = lock.lock();
    let count = conn.execute("x").await;
    drop(guard);
    count
}
pub async fn caller(mut conn: AsyncConnection) {
    is_send(f(&mut conn));
}
//# not_send_output
//~ only annotated error: output
fn is_send<T: Send>(_: T) {}
#[commit_on_success]
async fn f(conn: &mut AsyncConnection) -> Done<Rc<u8>> {
    conn.execute("x").await?;
    Ok(Rc::new(3))
}
pub async fn caller(mut conn: AsyncConnection) {
    is_send(f(&mut conn));
}
//# future_not_send
#[commit_on_success]
pub fn f(conn: &mut AsyncConnection) -> Pin<Box<dyn Future<Output = Done<usize>> + Send + '_>> {
    Box::pin(async move {
        let text = Rc::new(3);
        wait().await;
        drop(text);
        conn.execute("x").await
    })
}
//# future_wrong_tail
//~ only annotated E0308: expected
//~ only plain E0271: expected
//~ only plain E0277: expected
#[commit_on_success]
pub fn f(conn: &mut AsyncConnection) -> Pin<Box<dyn Future<Output = Done<usize>> + Send + '_>> {
    Box::pin(async move {
        conn.execute("x").await?;
        "x"
    })
}
//# future_captures 2021
#[commit_on_success]
pub fn f(conn: &mut AsyncConnection) -> impl Future<Output = Done<usize>> {
    async move { conn.execute("x").await }
}
//# future_used_after_move
#[commit_on_success]
pub fn f(conn: &mut AsyncConnection, order: Order) -> Pin<Box<dyn Future<Output = Done<usize>> + Send + '_>> {
    Box::pin(async move {
        send(order);
        send(order);
        conn.execute("x").await
    })
}

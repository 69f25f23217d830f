//# early_return
#[commit_on_success]
pub async fn f(conn: &mut AsyncConnection, order: Order) -> Done<usize> {
    if order.id == 0 {
        return Ok(0);
    }
    conn.execute("x").await
}
//# question_marks
#[commit_on_success]
pub async fn f(conn: &mut AsyncConnection) -> Done<usize> {
    conn.execute("x").await?;
    Ok(conn.execute("y").await?)
}
//# needless_return
#[commit_on_success]
pub async fn f(conn: &mut AsyncConnection) -> Done<usize> {
    return conn.execute("x").await;
}
//# loop
#[commit_on_success]
pub async fn f(conn: &mut AsyncConnection) -> Done<usize> {
    let mut count = 0;
    loop {
        count += conn.execute("x").await?;
        if count > 3 { break Ok(count); }
    }
}
//# labelled
#[commit_on_success]
pub async fn f(conn: &mut AsyncConnection, order: Order) -> Done<usize> {
    'outer: for line in order.lines {
        loop {
            if conn.execute("x").await? > 3 { continue 'outer; }
            if line > 3 { break 'outer; }
        }
    }
    Ok(3)
}
//# let_else
#[commit_on_success]
pub async fn f(conn: &mut AsyncConnection, order: Order) -> Done<usize> {
    let Some(line) = order.lines.first() else { return Ok(0) };
    conn.execute(&line.to_string()).await
}
//# let_chain 2024
#[commit_on_success]
pub async fn f(conn: &mut AsyncConnection, order: Order) -> Done<usize> {
    if order.id > 0 && let Some(line) = order.lines.first() {
        return conn.execute(&line.to_string()).await;
    }
    Ok(0)
}
//# nested_block
#[commit_on_success]
pub async fn f(conn: &mut AsyncConnection) -> Done<usize> {
    let other = async { wait().await; 3 };
    let count = other.await;
    conn.execute("x").await.map(|it| it ^ count)
}
//# nested_block_borrows
#[commit_on_success]
pub async fn f(conn: &mut AsyncConnection) -> Done<usize> {
    let run = async { conn.execute("x").await };
    run.await
}
//# async_closure
#[commit_on_success]
pub async fn f(conn: &mut AsyncConnection) -> Done<usize> {
    let run = async |text: &str| text.len();
    let count = run("x").await;
    conn.execute("x").await.map(|it| it ^ count)
}
//# redundant_async_block
#[commit_on_success]
pub async fn f(conn: &mut AsyncConnection) -> Done<usize> {
    async { wait().await }.await;
    conn.execute("x").await
}
//# unused_future
#[commit_on_success]
pub async fn f(conn: &mut AsyncConnection) -> Done<usize> {
    wait();
    conn.execute("x").await
}
//# let_underscore_future
#[commit_on_success]
pub async fn f(conn: &mut AsyncConnection) -> Done<usize> {
    let _ = wait();
    conn.execute("x").await
}
//# unused_variable
#[commit_on_success]
pub async fn f(conn: &mut AsyncConnection) -> Done<usize> {
    let unused = conn.execute("x").await?;
    Ok(3)
}
//# unused_mut
#[commit_on_success]
pub async fn f(conn: &mut AsyncConnection) -> Done<usize> {
    let mut count = conn.execute("x").await?;
    Ok(count)
}
//# unused_assignment
#[commit_on_success]
pub async fn f(conn: &mut AsyncConnection) -> Done<usize> {
    let mut count = 3;
    count = conn.execute("x").await?;
    Ok(count)
}
//# unused_must_use
#[commit_on_success]
pub async fn f(conn: &mut AsyncConnection) -> Done<usize> {
    important();
    conn.execute("x").await
}
//# unused_result
#[commit_on_success]
pub async fn f(conn: &mut AsyncConnection) -> Done<usize> {
    conn.execute("x").await;
    Ok(3)
}
//# unused_parameter
#[commit_on_success]
pub async fn f(conn: &mut AsyncConnection, id: i64) -> Done<usize> {
    conn.execute("x").await
}
//# underscored_parameter
#[commit_on_success]
pub async fn f(conn: &mut AsyncConnection, _id: i64) -> Done<usize> {
    conn.execute("x").await
}
//# wildcard_parameter
#[commit_on_success]
pub async fn f(conn: &mut AsyncConnection, _: i64) -> Done<usize> {
    conn.execute("x").await
}
//# mut_parameter
#[commit_on_success]
pub async fn f(conn: &mut AsyncConnection, mut id: i64) -> Done<usize> {
    id ^= 1;
    conn.execute(&id.to_string()).await
}
//# needless_mut
#[commit_on_success]
pub async fn f(conn: &mut AsyncConnection, mut id: i64) -> Done<usize> {
    conn.execute(&id.to_string()).await
}
//# assigned_and_not_read
//~ only annotated unused_assignments: captured
//~ other words unused_variables: captured
#[commit_on_success]
pub async fn f(conn: &mut AsyncConnection, mut id: i64) -> Done<usize> {
    id = 3;
    conn.execute("x").await
}
//# mut_connection
//~ only plain unused_mut: unused
#[commit_on_success]
pub async fn f(mut conn: &mut AsyncConnection) -> Done<usize> {
    conn.execute("x").await
}
//# connection_not_used
//~ only plain clippy::unused_async: function
//~ only plain unused_variables: unused
#[commit_on_success]
pub async fn f(conn: &mut AsyncConnection, order: Order) -> Done<usize> {
    Ok(order.lines.len())
}
//# nothing_awaited
//~ only plain clippy::unused_async: function
#[commit_on_success]
pub async fn f(_conn: &mut AsyncConnection, order: Order) -> Done<usize> {
    Ok(order.lines.len())
}
//# by_value
#[commit_on_success]
pub async fn f(conn: &mut AsyncConnection, order: Order) -> Done<usize> {
    conn.execute(&order.title).await
}
//# consumed
#[commit_on_success]
pub async fn f(conn: &mut AsyncConnection, order: Order) -> Done<usize> {
    conn.execute(&order.title).await?;
    send(order);
    Ok(3)
}
//# patterns
#[commit_on_success]
pub async fn f(conn: &mut AsyncConnection, Order { id, title, .. }: Order, (one, _): (u8, u8)) -> Done<usize> {
    conn.execute(&format!("{id}{title}{one}")).await
}
//# lock_over_await
#[commit_on_success]
pub async fn f(conn: &mut AsyncConnection, lock: &Mutex<String>) -> Done<usize> {
    let guard = lock.lock().unwrap();
    conn.execute(&guard).await
}
//# refcell_over_await
//~ other words clippy::future_not_send: awaited
#[commit_on_success]
pub async fn f(conn: &mut AsyncConnection, cell: &std::cell::RefCell<String>) -> Done<usize> {
    let guard = cell.borrow_mut();
    conn.execute(&guard).await
}
//# not_send
//~ other words clippy::future_not_send: awaited
#[commit_on_success]
pub async fn f(conn: &mut AsyncConnection, text: Rc<str>) -> Done<usize> {
    conn.execute(&text).await
}
//# not_send_inside
#[commit_on_success]
pub async fn f(conn: &mut AsyncConnection) -> Done<usize> {
    let text = Rc::new(String::new());
    conn.execute(&text).await
}
//# large
#[commit_on_success]
pub async fn f(conn: &mut AsyncConnection) -> Done<usize> {
    let bytes = [0_u8; 20_000];
    let count = conn.execute("x").await?;
    Ok(count ^ usize::from(bytes[3]))
}
//# diverging
//~ only plain clippy::unused_async: function
#[commit_on_success]
pub async fn f(_conn: &mut AsyncConnection) -> Done<usize> {
    panic!("never")
}
//# todo
//~ only plain clippy::unused_async: function
#[commit_on_success]
pub async fn f(_conn: &mut AsyncConnection) -> Done<usize> {
    todo!()
}
//# endless
#[commit_on_success]
pub async fn f(conn: &mut AsyncConnection) -> Done<usize> {
    loop {
        conn.execute("x").await?;
    }
}
//# unreachable
#[commit_on_success]
pub async fn f(conn: &mut AsyncConnection) -> Done<usize> {
    return conn.execute("x").await;
    conn.execute("y").await
}
//# items_first
#[commit_on_success]
pub async fn f(conn: &mut AsyncConnection) -> Done<usize> {
    const NAME: &str = "x";
    fn inner(text: &str) -> &str { text }
    conn.execute(inner(NAME)).await
}
//# items_later
#[commit_on_success]
pub async fn f(conn: &mut AsyncConnection) -> Done<usize> {
    let count = conn.execute("x").await?;
    fn inner(count: usize) -> usize { count }
    Ok(inner(count))
}
//# inner_attribute
#[commit_on_success]
pub async fn f(conn: &mut AsyncConnection) -> Done<usize> {
    #![allow(unused_variables)]
    let unused = 3;
    conn.execute("x").await
}
//# expectation
#[expect(unused_variables)]
#[commit_on_success]
pub async fn f(conn: &mut AsyncConnection) -> Done<usize> {
    let unused = 3;
    conn.execute("x").await
}
//# expectation_unfulfilled
#[expect(unused_variables)]
#[commit_on_success]
pub async fn f(conn: &mut AsyncConnection) -> Done<usize> {
    conn.execute("x").await
}
//# macros
#[commit_on_success]
pub async fn f(conn: &mut AsyncConnection, order: Order) -> Done<usize> {
    println!("{}", order.id);
    conn.execute(&format!("{}", order.title)).await
}
//# casts
#[commit_on_success]
pub async fn f(conn: &mut AsyncConnection, order: Order) -> Done<usize> {
    let id = order.id as u8;
    conn.execute(&id.to_string()).await
}
//# unwraps
#[commit_on_success]
pub async fn f(conn: &mut AsyncConnection, order: Order) -> Done<usize> {
    let line = order.lines.first().unwrap();
    conn.execute(&line.to_string()).await
}
//# shadows
#[commit_on_success]
pub async fn f(conn: &mut AsyncConnection, order: Order) -> Done<usize> {
    let order = order.title;
    let order = order.len();
    conn.execute(&order.to_string()).await
}
//# let_and_return
#[commit_on_success]
pub async fn f(conn: &mut AsyncConnection) -> Done<usize> {
    let done = conn.execute("x").await;
    done
}
//# passes_connection_twice
async fn helper(conn: &mut AsyncConnection) -> Done<usize> {
    conn.execute("x").await
}
#[commit_on_success]
pub async fn f(conn: &mut AsyncConnection) -> Done<usize> {
    helper(conn).await?;
    helper(conn).await
}
//# boxed_recursion
#[commit_on_success]
pub async fn f(conn: &mut AsyncConnection, order: Order) -> Done<usize> {
    if order.id > 0 { return Box::pin(f(conn, order)).await; }
    conn.execute("x").await
}
//# attempts
#[commit_on_success(attempts = 3)]
pub async fn f(conn: &mut AsyncConnection, title: String, mut id: i64) -> Done<usize> {
    conn.execute(&format!("{title}{id}")).await
}
//# app_error
#[commit_on_success]
pub async fn f(conn: &mut AsyncConnection) -> Result<usize, AppError> {
    conn.execute("x").await?;
    Err(AppError::new("x"))
}
//# long
//~ only plain clippy::cognitive_complexity: function
#[commit_on_success]
pub async fn f(conn: &mut AsyncConnection) -> Done<usize> {
    conn.execute("0").await?;
    conn.execute("1").await?;
    conn.execute("2").await?;
    conn.execute("3").await?;
    conn.execute("4").await?;
    conn.execute("5").await?;
    conn.execute("6").await?;
    conn.execute("7").await?;
    conn.execute("8").await?;
    conn.execute("9").await?;
    conn.execute("10").await?;
    conn.execute("11").await?;
    conn.execute("12").await?;
    conn.execute("13").await?;
    conn.execute("14").await?;
    conn.execute("15").await?;
    conn.execute("16").await?;
    conn.execute("17").await?;
    conn.execute("18").await?;
    conn.execute("19").await?;
    conn.execute("20").await?;
    conn.execute("21").await?;
    conn.execute("22").await?;
    conn.execute("23").await?;
    conn.execute("24").await?;
    conn.execute("25").await?;
    conn.execute("26").await?;
    conn.execute("27").await?;
    conn.execute("28").await?;
    conn.execute("29").await?;
    conn.execute("30").await?;
    conn.execute("31").await?;
    conn.execute("32").await?;
    conn.execute("33").await?;
    conn.execute("34").await?;
    conn.execute("35").await?;
    conn.execute("36").await?;
    conn.execute("37").await?;
    conn.execute("38").await?;
    conn.execute("39").await?;
    conn.execute("40").await?;
    conn.execute("41").await?;
    conn.execute("42").await?;
    conn.execute("43").await?;
    conn.execute("44").await?;
    conn.execute("45").await?;
    conn.execute("46").await?;
    conn.execute("47").await?;
    conn.execute("48").await?;
    conn.execute("49").await?;
    conn.execute("50").await?;
    conn.execute("51").await?;
    conn.execute("52").await?;
    conn.execute("53").await?;
    conn.execute("54").await?;
    conn.execute("55").await?;
    conn.execute("56").await?;
    conn.execute("57").await?;
    conn.execute("58").await?;
    conn.execute("59").await?;
    conn.execute("60").await?;
    conn.execute("61").await?;
    conn.execute("62").await?;
    conn.execute("63").await?;
    conn.execute("64").await?;
    conn.execute("65").await?;
    conn.execute("66").await?;
    conn.execute("67").await?;
    conn.execute("68").await?;
    conn.execute("69").await?;
    conn.execute("70").await?;
    conn.execute("71").await?;
    conn.execute("72").await?;
    conn.execute("73").await?;
    conn.execute("74").await?;
    conn.execute("75").await?;
    conn.execute("76").await?;
    conn.execute("77").await?;
    conn.execute("78").await?;
    conn.execute("79").await?;
    conn.execute("80").await?;
    conn.execute("81").await?;
    conn.execute("82").await?;
    conn.execute("83").await?;
    conn.execute("84").await?;
    conn.execute("85").await?;
    conn.execute("86").await?;
    conn.execute("87").await?;
    conn.execute("88").await?;
    conn.execute("89").await?;
    conn.execute("90").await?;
    conn.execute("91").await?;
    conn.execute("92").await?;
    conn.execute("93").await?;
    conn.execute("94").await?;
    conn.execute("95").await?;
    conn.execute("96").await?;
    conn.execute("97").await?;
    conn.execute("98").await?;
    conn.execute("99").await?;
    conn.execute("100").await?;
    conn.execute("101").await?;
    conn.execute("102").await?;
    conn.execute("103").await?;
    conn.execute("104").await?;
    Ok(3)
}
//# future 2024
#[commit_on_success]
pub fn f(conn: &mut AsyncConnection) -> impl Future<Output = Done<usize>> {
    async move { conn.execute("x").await }
}
//# future_send
#[commit_on_success]
pub fn f(conn: &mut AsyncConnection) -> impl Future<Output = Done<usize>> + Send + '_ {
    async move { conn.execute("x").await }
}
//# boxed_future
#[commit_on_success]
pub fn f(conn: &mut AsyncConnection) -> Pin<Box<dyn Future<Output = Done<usize>> + Send + '_>> {
    Box::pin(async move { conn.execute("x").await })
}
//# boxed_future_unused_inside
#[commit_on_success]
pub fn f(conn: &mut AsyncConnection) -> Pin<Box<dyn Future<Output = Done<usize>> + Send + '_>> {
    Box::pin(async move {
        let unused = 3;
        conn.execute("x").await
    })
}

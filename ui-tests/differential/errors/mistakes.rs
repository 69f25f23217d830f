//# used_after_move
//~ other words E0382: captured
#[commit_on_success]
pub fn f(conn: &mut Connection, order: Order) -> Done<usize> {
    send(order);
    send(order);
    conn.execute("x")
}
//# borrowed_after_move
//~ other words E0382: captured
#[commit_on_success]
pub fn f(conn: &mut Connection, order: Order) -> Done<usize> {
    send(order);
    borrow(&order);
    conn.execute("x")
}
//# moved_in_loop
//~ other words E0382: captured
#[commit_on_success]
pub fn f(conn: &mut Connection, order: Order) -> Done<usize> {
    for _ in 0..3 { send(order); }
    conn.execute("x")
}
//# moved_into_closure
//~ other words E0382: captured
#[commit_on_success]
pub fn f(conn: &mut Connection, order: Order) -> Done<usize> {
    let later = move || send(order);
    borrow(&order);
    later();
    conn.execute("x")
}
//# moved_local
#[commit_on_success]
pub fn f(conn: &mut Connection) -> Done<usize> {
    let once = Once(3);
    use_once(once);
    use_once(once);
    conn.execute("x")
}
//# partially_moved
#[commit_on_success]
pub fn f(conn: &mut Connection, order: Order) -> Done<usize> {
    name(order.title);
    borrow(&order);
    conn.execute("x")
}
//# moved_out_of_reference
//~ other words E0507: captured
#[commit_on_success]
pub fn f(conn: &mut Connection, order: &Order) -> Done<usize> {
    send(*order);
    conn.execute("x")
}
//# moved_field_of_reference
//~ other words E0507: captured
#[commit_on_success]
pub fn f(conn: &mut Connection, order: &Order) -> Done<usize> {
    name(order.title);
    conn.execute("x")
}
//# connection_moved_twice
fn helper<T: Into<Option<u8>>>(_: T) -> Done<usize> { Ok(1) }
#[commit_on_success]
pub fn f(conn: &mut Connection) -> Done<usize> {
    helper(conn)?;
    helper(conn)
}
//# connection_given_away
#[commit_on_success]
pub fn f(conn: &mut Connection) -> Done<usize> {
    drop(conn);
    conn.execute("x")
}
//# connection_into_generic
fn take<T>(_: T) {}
#[commit_on_success]
pub fn f(conn: &mut Connection) -> Done<usize> {
    take(conn);
    take(conn);
    Ok(3)
}
//# two_mutable_borrows
#[commit_on_success]
pub fn f(conn: &mut Connection) -> Done<usize> {
    let one = &mut *conn;
    let two = &mut *conn;
    one.execute("x")?;
    two.execute("y")
}
//# mutable_while_shared
#[commit_on_success]
pub fn f(conn: &mut Connection) -> Done<usize> {
    let log = &*conn;
    conn.execute("x")?;
    drop(log.log());
    Ok(3)
}
//# not_mutable
//~ only annotated E0594: captured
//~ only annotated unused_assignments: captured
//~ only plain E0384: captured
//~ other words unused_variables: captured
#[commit_on_success]
pub fn f(conn: &mut Connection, id: i64) -> Done<usize> {
    id += 1;
    conn.execute("x")
}
//# not_mutable_local
#[commit_on_success]
pub fn f(conn: &mut Connection) -> Done<usize> {
    let id = 3;
    id += 1;
    conn.execute("x")
}
//# not_mutable_borrow
//~ other words E0596: captured
#[commit_on_success]
pub fn f(conn: &mut Connection, order: Order) -> Done<usize> {
    order.lines.push(3);
    conn.execute("x")
}
//# not_mutable_reference
//~ other words E0596: captured
#[commit_on_success]
pub fn f(conn: &mut Connection, order: &Order) -> Done<usize> {
    order.lines.push(3);
    conn.execute("x")
}
//# borrows_too_long
#[commit_on_success]
pub fn f(conn: &mut Connection) -> Done<usize> {
    let text;
    {
        let local = String::new();
        text = local.as_str();
    }
    conn.execute(text)
}
//# returns_local
#[commit_on_success]
pub fn f(conn: &mut Connection) -> Done<&'static str> {
    let text = String::new();
    conn.execute(&text)?;
    Ok(&text)
}
//# returns_argument
#[commit_on_success]
pub fn f(conn: &mut Connection, order: Order) -> Done<&'static str> {
    conn.execute(&order.title)?;
    Ok(order.title.as_str())
}
//# returns_shorter
#[commit_on_success]
pub fn f(conn: &mut Connection, one: &str) -> Done<&'static str> {
    conn.execute(one)?;
    Ok(one)
}
//# returns_other_lifetime
#[commit_on_success]
pub fn f<'a>(conn: &mut Connection, one: &str, two: &'a str) -> Done<&'a str> {
    conn.execute(one)?;
    Ok(one)
}
//# missing_lifetime
#[commit_on_success]
pub fn f(conn: &mut Connection, one: &str, two: &str) -> Done<&str> {
    conn.execute("x")?;
    Ok(one)
}
//# keeps_reference
//~ other words E0521: captured
#[commit_on_success]
pub fn f(conn: &mut Connection, one: &str, kept: &mut Vec<&'static str>) -> Done<usize> {
    kept.push(one);
    conn.execute("x")
}
//# keeps_connection
//~ only annotated E0499: lent
//~ only annotated E0716: lent
#[commit_on_success]
pub fn f<'a>(conn: &'a mut Connection, kept: &mut Option<&'a mut Connection>) -> Done<usize> {
    *kept = Some(conn);
    Ok(3)
}
//# assigned_while_borrowed
#[commit_on_success]
pub fn f(conn: &mut Connection, mut order: Order) -> Done<usize> {
    let first = &order.lines;
    order = Order::default();
    drop(first.len());
    conn.execute("x")
}
//# closure_borrows_twice
#[commit_on_success]
pub fn f(conn: &mut Connection) -> Done<usize> {
    let mut one = || conn.execute("x");
    let mut two = || conn.execute("x");
    one()?;
    two()
}
//# wrong_tail
#[commit_on_success]
pub fn f(conn: &mut Connection) -> Done<usize> {
    3
}
//# wrong_tail_unit
//~ other words E0308: closure
#[commit_on_success]
pub fn f(conn: &mut Connection) -> Done<usize> {
    conn.execute("x")?;
}
//# wrong_ok
#[commit_on_success]
pub fn f(conn: &mut Connection) -> Done<usize> {
    conn.execute("x")?;
    Ok("x")
}
//# wrong_ok_type
#[commit_on_success]
pub fn f(conn: &mut Connection) -> Done<String> {
    conn.execute("x")
}
//# wrong_error_type
#[commit_on_success]
pub fn f(conn: &mut Connection) -> Result<usize, AppError> {
    conn.execute("x")
}
//# wrong_return
#[commit_on_success]
pub fn f(conn: &mut Connection) -> Done<usize> {
    if true { return Ok("x"); }
    conn.execute("x")
}
//# wrong_return_bare
#[commit_on_success]
pub fn f(conn: &mut Connection) -> Done<usize> {
    if true { return; }
    conn.execute("x")
}
//# wrong_return_plain
#[commit_on_success]
pub fn f(conn: &mut Connection) -> Done<usize> {
    if true { return 3; }
    conn.execute("x")
}
//# wrong_argument
#[commit_on_success]
pub fn f(conn: &mut Connection) -> Done<usize> {
    conn.execute(3)
}
//# wrong_argument_of_macro
#[commit_on_success]
pub fn f(conn: &mut Connection) -> Done<usize> {
    println!("{}");
    conn.execute("x")
}
//# wrong_number_of_arguments
#[commit_on_success]
pub fn f(conn: &mut Connection) -> Done<usize> {
    conn.execute("x", "y")
}
//# wrong_let
#[commit_on_success]
pub fn f(conn: &mut Connection) -> Done<usize> {
    let id: u8 = "x";
    conn.execute("x")
}
//# wrong_branches
#[commit_on_success]
pub fn f(conn: &mut Connection) -> Done<usize> {
    let id = if true { 3 } else { "x" };
    conn.execute("x")
}
//# wrong_match_arms
#[commit_on_success]
pub fn f(conn: &mut Connection, order: Order) -> Done<usize> {
    match order.id { 0 => Ok(3), _ => "x" }
}
//# missing_else
#[commit_on_success]
pub fn f(conn: &mut Connection) -> Done<usize> {
    let id: u8 = if true { 3 };
    conn.execute("x")
}
//# missing_arm
//~ only annotated unused_variables: capturing
#[commit_on_success]
pub fn f(conn: &mut Connection, order: Order) -> Done<usize> {
    match order.lines.first() { Some(_) => conn.execute("x") }
}
//# refutable
//~ only annotated unused_variables: capturing
#[commit_on_success]
pub fn f(conn: &mut Connection, order: Order) -> Done<usize> {
    let Some(line) = order.lines.first();
    conn.execute("x")
}
//# wrong_operator
#[commit_on_success]
pub fn f(conn: &mut Connection, order: Order) -> Done<usize> {
    let id = order.id + "x";
    conn.execute("x")
}
//# wrong_comparison
#[commit_on_success]
pub fn f(conn: &mut Connection, order: Order) -> Done<usize> {
    if order.id == "x" { return Ok(1); }
    conn.execute("x")
}
//# wrong_cast
#[commit_on_success]
pub fn f(conn: &mut Connection, order: Order) -> Done<usize> {
    let id = order.title as u8;
    conn.execute("x")
}
//# wrong_index
#[commit_on_success]
pub fn f(conn: &mut Connection, order: Order) -> Done<usize> {
    let line = order.lines["x"];
    conn.execute("x")
}
//# question_mark_of_value
#[commit_on_success]
pub fn f(conn: &mut Connection, order: Order) -> Done<usize> {
    order.id?;
    conn.execute("x")
}
//# question_mark_of_option
//~ other words E0277: closure
#[commit_on_success]
pub fn f(conn: &mut Connection, order: Order) -> Done<usize> {
    order.lines.first()?;
    conn.execute("x")
}
//# question_mark_of_other_error
//~ other words E0277: closure
#[commit_on_success]
pub fn f(conn: &mut Connection) -> Done<usize> {
    "3".parse::<u8>()?;
    conn.execute("x")
}
//# question_mark_of_other_error_at_tail
//~ other words E0277: closure
#[commit_on_success]
pub fn f(conn: &mut Connection) -> Done<usize> {
    Ok(usize::from("3".parse::<u8>()?))
}
//# question_mark_in_closure
#[commit_on_success]
pub fn f(conn: &mut Connection) -> Done<usize> {
    let run = || { "3".parse::<u8>()?; };
    conn.execute("x")
}
//# missing_bound
#[commit_on_success]
pub fn f<T>(conn: &mut Connection, value: T) -> Done<usize> {
    conn.execute(&value.to_string())
}
//# missing_bound_clone
fn send_all<T: Clone>(_: T) {}
#[commit_on_success]
pub fn f<T>(conn: &mut Connection, value: T) -> Done<usize> {
    drop(value.clone());
    send_all(value);
    conn.execute("x")
}
//# missing_bound_send
#[commit_on_success]
pub fn f<T>(conn: &mut Connection, value: T) -> Done<usize> {
    std::thread::spawn(move || drop(value));
    conn.execute("x")
}
//# missing_bound_of_type
fn send_all<T: Clone>(_: T) {}
#[commit_on_success]
pub fn f(conn: &mut Connection) -> Done<usize> {
    send_all(Once(3));
    conn.execute("x")
}
//# missing_display
#[commit_on_success]
pub fn f(conn: &mut Connection) -> Done<usize> {
    println!("{}", Once(3));
    conn.execute("x")
}
//# thread_borrows
#[commit_on_success]
pub fn f(conn: &mut Connection, order: Order) -> Done<usize> {
    std::thread::spawn(|| borrow(&order));
    conn.execute("x")
}
//# thread_moves_rc
#[commit_on_success]
pub fn f(conn: &mut Connection, text: Rc<str>) -> Done<usize> {
    std::thread::spawn(move || drop(text));
    conn.execute("x")
}
//# private_field
mod inner { pub struct Private(u8); }
#[commit_on_success]
pub fn f(conn: &mut Connection, private: inner::Private) -> Done<usize> {
    drop(private.0);
    conn.execute("x")
}
//# private_function
mod inner { fn private() {} }
#[commit_on_success]
pub fn f(conn: &mut Connection) -> Done<usize> {
    inner::private();
    conn.execute("x")
}
//# private_method
mod inner { pub struct Private(u8); impl Private { fn run(&self) {} } }
#[commit_on_success]
pub fn f(conn: &mut Connection, private: inner::Private) -> Done<usize> {
    private.run();
    conn.execute("x")
}
//# unknown_name
#[commit_on_success]
pub fn f(conn: &mut Connection) -> Done<usize> {
    drop(unknown);
    conn.execute("x")
}
//# misspelt_name
#[commit_on_success]
pub fn f(conn: &mut Connection, order: Order) -> Done<usize> {
    drop(ordr);
    conn.execute("x")
}
//# misspelt_connection
#[commit_on_success]
pub fn f(conn: &mut Connection) -> Done<usize> {
    con.execute("x")
}
//# unknown_method
#[commit_on_success]
pub fn f(conn: &mut Connection) -> Done<usize> {
    conn.exeute("x")
}
//# unknown_field
#[commit_on_success]
pub fn f(conn: &mut Connection, order: Order) -> Done<usize> {
    drop(order.titel);
    conn.execute("x")
}
//# unknown_function
#[commit_on_success]
pub fn f(conn: &mut Connection, order: Order) -> Done<usize> {
    sent(order);
    conn.execute("x")
}
//# unknown_type
#[commit_on_success]
pub fn f(conn: &mut Connection) -> Done<usize> {
    let id: Unknown = 3;
    conn.execute("x")
}
//# unknown_type_in_signature
#[commit_on_success]
pub fn f(conn: &mut Connection, id: Unknown) -> Done<usize> {
    conn.execute("x")
}
//# unknown_type_in_output
#[commit_on_success]
pub fn f(conn: &mut Connection) -> Result<usize, Unknown> {
    conn.execute("x")
}
//# unknown_macro
#[commit_on_success]
pub fn f(conn: &mut Connection) -> Done<usize> {
    unknown!(3);
    conn.execute("x")
}
//# unknown_crate
#[commit_on_success]
pub fn f(conn: &mut Connection) -> Done<usize> {
    unknown::run();
    conn.execute("x")
}
//# unknown_lifetime
#[commit_on_success]
pub fn f(conn: &mut Connection, one: &'a str) -> Done<usize> {
    conn.execute(one)
}
//# unknown_label
#[commit_on_success]
pub fn f(conn: &mut Connection) -> Done<usize> {
    loop { break 'unknown; }
    conn.execute("x")
}
//# unknown_attribute
#[commit_on_success]
pub fn f(conn: &mut Connection) -> Done<usize> {
    #[unknown]
    let id = 3;
    conn.execute("x")
}
//# unknown_attribute_above
#[unknown]
#[commit_on_success]
pub fn f(conn: &mut Connection) -> Done<usize> {
    conn.execute("x")
}
//# unknown_struct_field
#[commit_on_success]
pub fn f(conn: &mut Connection) -> Done<usize> {
    let order = Order { id: 3, unknown: 4, ..Order::default() };
    conn.execute(&order.title)
}
//# missing_struct_field
#[commit_on_success]
pub fn f(conn: &mut Connection) -> Done<usize> {
    let order = Order { id: 3 };
    conn.execute(&order.title)
}
//# missing_trait_import
#[commit_on_success]
pub fn f(conn: &mut Connection) -> Done<usize> {
    let mut text = String::new();
    write!(text, "x").ok();
    conn.execute(&text)
}
//# unstable
#[commit_on_success]
pub fn f(conn: &mut Connection) -> Done<usize> {
    let text = String::new().into_chars();
    drop(text);
    conn.execute("x")
}
//# unstable_syntax
#[commit_on_success]
pub fn f(conn: &mut Connection) -> Done<usize> {
    let run = || yield 3;
    conn.execute("x")
}
//# break_outside
//~ only annotated E0267: closure
//~ only plain E0268: closure
//~ other words E0308: closure
#[commit_on_success]
pub fn f(conn: &mut Connection) -> Done<usize> {
    break;
}
//# break_outside_of_the_closure
#[commit_on_success]
pub fn f(conn: &mut Connection) -> Done<usize> {
    loop { let run = || break; }
}
//# continue_outside
//~ only annotated E0267: closure
//~ only plain E0268: closure
#[commit_on_success]
pub fn f(conn: &mut Connection) -> Done<usize> {
    if true { continue; }
    conn.execute("x")
}
//# await_in_sync
//~ other words E0728: closure
#[commit_on_success]
pub fn f(conn: &mut Connection) -> Done<usize> {
    wait().await;
    conn.execute("x")
}
//# unsafe_outside
unsafe fn risky() {}
#[commit_on_success]
pub fn f(conn: &mut Connection) -> Done<usize> {
    risky();
    conn.execute("x")
}
//# type_needed
#[commit_on_success]
pub fn f(conn: &mut Connection) -> Done<usize> {
    let list = Vec::new();
    drop(list);
    conn.execute("x")
}
//# type_needed_parse
#[commit_on_success]
pub fn f(conn: &mut Connection) -> Done<usize> {
    let it = "3".parse().ok();
    conn.execute("x")
}
//# type_needed_collect
#[commit_on_success]
pub fn f(conn: &mut Connection, order: Order) -> Done<usize> {
    let it = order.lines.iter().collect();
    conn.execute("x")
}
//# uninitialised
#[commit_on_success]
pub fn f(conn: &mut Connection) -> Done<usize> {
    let id: i64;
    conn.execute(&id.to_string())
}
//# assigned_twice
#[commit_on_success]
pub fn f(conn: &mut Connection) -> Done<usize> {
    let id;
    id = 3;
    id = 4;
    conn.execute(&i64::to_string(&id))
}
//# const_of_variable
#[commit_on_success]
pub fn f(conn: &mut Connection, order: Order) -> Done<usize> {
    const ID: i64 = order.id;
    conn.execute("x")
}
//# inner_function_uses_outer
#[commit_on_success]
pub fn f(conn: &mut Connection, order: Order) -> Done<usize> {
    fn inner() -> i64 { order.id }
    conn.execute("x")
}
//# inner_function_uses_connection
//~ only plain unused_variables: unused
#[commit_on_success]
pub fn f(conn: &mut Connection) -> Done<usize> {
    fn inner() { conn.execute("x"); }
    Ok(3)
}
//# duplicate_parameter
#[commit_on_success]
pub fn f(conn: &mut Connection, id: u8, id: u8) -> Done<usize> {
    conn.execute("x")
}
//# duplicate_generic
#[commit_on_success]
pub fn f<T, T>(conn: &mut Connection) -> Done<usize> {
    conn.execute("x")
}
//# duplicate_items
#[commit_on_success]
pub fn f(conn: &mut Connection) -> Done<usize> {
    fn inner() {}
    fn inner() {}
    conn.execute("x")
}
//# unsized_argument
#[commit_on_success]
pub fn f(conn: &mut Connection, text: str) -> Done<usize> {
    conn.execute(&text)
}
//# unsized_local
#[commit_on_success]
pub fn f(conn: &mut Connection, order: Order) -> Done<usize> {
    let text = *order.title;
    conn.execute("x")
}
//# not_callable
#[commit_on_success]
pub fn f(conn: &mut Connection, order: Order) -> Done<usize> {
    order.id();
    conn.execute("x")
}
//# literal_out_of_range
#[commit_on_success]
pub fn f(conn: &mut Connection) -> Done<usize> {
    let id: u8 = "x".len() + 300;
    conn.execute("x")
}
//# trait_object_of_unsafe
#[commit_on_success]
pub fn f(conn: &mut Connection) -> Done<usize> {
    let it: Box<dyn Clone> = Box::new(3);
    conn.execute("x")
}
//# opaque_of_two_types
#[commit_on_success]
pub fn f(conn: &mut Connection) -> Done<impl Display + use<>> {
    let count = conn.execute("x")?;
    if count > 3 { return Ok(3); }
    Ok("x")
}
//# opaque_without_bound
//~ other words E0277: closure
#[commit_on_success]
pub fn f(conn: &mut Connection) -> Done<impl Display + use<>> {
    conn.execute("x")?;
    Ok(Once(3))
}
//# boxed_of_wrong_trait
#[commit_on_success]
pub fn f(conn: &mut Connection) -> Done<Box<dyn Display>> {
    conn.execute("x")?;
    Ok(Box::new(Once(3)))
}
//# boxed_closure_of_wrong_type
#[commit_on_success]
pub fn f(conn: &mut Connection) -> Done<Box<dyn Fn(usize) -> usize>> {
    conn.execute("x")?;
    Ok(Box::new(|it| it == "x"))
}
//# syntax_in_body
#[commit_on_success]
pub fn f(conn: &mut Connection) -> Done<usize> {
    let = 3;
    conn.execute("x")
}
//# syntax_missing_semicolon
#[commit_on_success]
pub fn f(conn: &mut Connection) -> Done<usize> {
    let id = 3
    conn.execute("x")
}
//# syntax_missing_operand
#[commit_on_success]
pub fn f(conn: &mut Connection) -> Done<usize> {
    let id = 3 + ;
    conn.execute("x")
}
//# syntax_keyword
#[commit_on_success]
pub fn f(conn: &mut Connection) -> Done<usize> {
    let fn = 3;
    conn.execute("x")
}
//# syntax_missing_comma
#[commit_on_success]
pub fn f(conn: &mut Connection) -> Done<usize> {
    helper(3 4);
    conn.execute("x")
}
//# syntax_expected_expression
#[commit_on_success]
pub fn f(conn: &mut Connection) -> Done<usize> {
    conn.execute("x").map(|it| )
}
//# syntax_in_match
#[commit_on_success]
pub fn f(conn: &mut Connection, order: Order) -> Done<usize> {
    match order.id { 0 = 3, _ => {} }
    conn.execute("x")
}
//# syntax_double_dot
#[commit_on_success]
pub fn f(conn: &mut Connection) -> Done<usize> {
    conn..execute("x")
}
//# extern_c
//~ only annotated error: refused
#[commit_on_success]
pub extern "C" fn f(conn: &mut Connection) -> Done<usize> {
    conn.execute("x")
}
//# const_fn
//~ only annotated error: refused
#[commit_on_success]
pub const fn f(_conn: &mut Connection) -> Done<usize> {
    Ok(3)
}

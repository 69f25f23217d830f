//# early_return
#[commit_on_success]
pub fn f(conn: &mut Connection, order: Order) -> Done<usize> {
    if order.id == 0 {
        return Ok(0);
    }
    conn.execute("x")
}
//# early_error
#[commit_on_success]
pub fn f(conn: &mut Connection, order: Order) -> Result<usize, AppError> {
    if order.id == 0 {
        return Err(AppError::new("x"));
    }
    Ok(conn.execute("x")?)
}
//# needless_return
#[commit_on_success]
pub fn f(conn: &mut Connection) -> Done<usize> {
    return conn.execute("x");
}
//# question_marks
#[commit_on_success]
pub fn f(conn: &mut Connection) -> Done<usize> {
    conn.execute("x")?;
    conn.execute("y")?;
    Ok(3)
}
//# needless_question_mark
#[commit_on_success]
pub fn f(conn: &mut Connection) -> Done<usize> {
    Ok(conn.execute("x")?)
}
//# loop
#[commit_on_success]
pub fn f(conn: &mut Connection) -> Done<usize> {
    let mut count = 0;
    loop {
        count += conn.execute("x")?;
        if count > 3 { break Ok(count); }
    }
}
//# labelled_loop
//~ only plain clippy::needless_pass_by_value: moved
#[commit_on_success]
pub fn f(conn: &mut Connection, order: Order) -> Done<usize> {
    'outer: for line in &order.lines {
        for other in &order.lines {
            if line == other { continue 'outer; }
            if conn.execute("x")? > 3 { break 'outer; }
        }
    }
    Ok(3)
}
//# unused_label
//~ only plain clippy::needless_pass_by_value: moved
#[commit_on_success]
pub fn f(conn: &mut Connection, order: Order) -> Done<usize> {
    'outer: for line in &order.lines {
        conn.execute(&line.to_string())?;
    }
    Ok(3)
}
//# while_loop
//~ only plain clippy::needless_pass_by_value: moved
#[commit_on_success]
pub fn f(conn: &mut Connection, order: Order) -> Done<usize> {
    let mut left = order.lines.len();
    while left > 0 {
        left -= conn.execute("x")?;
    }
    Ok(left)
}
//# while_let
#[commit_on_success]
pub fn f(conn: &mut Connection, order: Order) -> Done<usize> {
    let mut lines = order.lines;
    while let Some(line) = lines.pop() {
        conn.execute(&line.to_string())?;
    }
    Ok(3)
}
//# matches
#[commit_on_success]
pub fn f(conn: &mut Connection, order: Order) -> Result<usize, BoxError> {
    match order.id {
        0 => Ok(0),
        id if id < 0 => Err(AppError::new("x").into()),
        _ => Ok(conn.execute("x")?),
    }
}
//# match_single
#[commit_on_success]
pub fn f(conn: &mut Connection, order: Order) -> Done<usize> {
    match order.id {
        0 => { conn.execute("x")?; }
        _ => {}
    }
    Ok(3)
}
//# let_else
//~ only plain clippy::needless_pass_by_value: moved
#[commit_on_success]
pub fn f(conn: &mut Connection, order: Order) -> Done<usize> {
    let Some(line) = order.lines.first() else { return Ok(0) };
    conn.execute(&line.to_string())
}
//# if_let
//~ only plain clippy::needless_pass_by_value: moved
#[commit_on_success]
pub fn f(conn: &mut Connection, order: Order) -> Done<usize> {
    if let Some(line) = order.lines.first() {
        conn.execute(&line.to_string())
    } else {
        Ok(0)
    }
}
//# let_chain 2024
//~ only plain clippy::needless_pass_by_value: moved
#[commit_on_success]
pub fn f(conn: &mut Connection, order: Order) -> Done<usize> {
    if order.id > 0 && let Some(line) = order.lines.first() {
        return conn.execute(&line.to_string());
    }
    Ok(0)
}
//# collapsible
//~ only plain clippy::needless_pass_by_value: moved
#[commit_on_success]
pub fn f(conn: &mut Connection, order: Order) -> Done<usize> {
    if order.id > 0 {
        if order.lines.is_empty() {
            conn.execute("x")?;
        }
    }
    Ok(0)
}
//# shadows
#[commit_on_success]
pub fn f(conn: &mut Connection, order: Order) -> Done<usize> {
    let order = order.title;
    let order = order.len();
    conn.execute(&order.to_string())
}
//# shadows_the_connection
#[commit_on_success]
pub fn f(conn: &mut Connection) -> Done<usize> {
    let count = conn.execute("x")?;
    let conn = count;
    Ok(conn)
}
//# macros
//~ only plain clippy::needless_pass_by_value: moved
#[commit_on_success]
pub fn f(conn: &mut Connection, order: Order) -> Done<usize> {
    println!("{}", order.id);
    assert!(order.id > 0, "x");
    debug_assert_eq!(order.id, 3);
    conn.execute(&format!("{}", order.title))
}
//# uninlined_format
#[commit_on_success]
pub fn f(conn: &mut Connection, order: Order) -> Done<usize> {
    let id = order.id;
    conn.execute(&format!("{}", id))
}
//# macro_rules
#[commit_on_success]
pub fn f(conn: &mut Connection) -> Done<usize> {
    macro_rules! run { ($text:expr) => { conn_of($text) } }
    fn conn_of(text: &str) -> usize { text.len() }
    let count = run!("x");
    conn.execute("x").map(|done| done ^ count)
}
//# items_first
#[commit_on_success]
pub fn f(conn: &mut Connection) -> Done<usize> {
    const NAME: &str = "x";
    fn inner(text: &str) -> &str { text }
    conn.execute(inner(NAME))
}
//# items_later
#[commit_on_success]
pub fn f(conn: &mut Connection) -> Done<usize> {
    let count = conn.execute("x")?;
    fn inner(count: usize) -> usize { count }
    Ok(inner(count))
}
//# use_inside
#[commit_on_success]
pub fn f(conn: &mut Connection) -> Done<usize> {
    use std::fmt::Write as _;
    let mut text = String::new();
    write!(text, "x").ok();
    conn.execute(&text)
}
//# unused_import_inside
#[commit_on_success]
pub fn f(conn: &mut Connection) -> Done<usize> {
    use std::fmt::Write;
    conn.execute("x")
}
//# struct_inside
#[commit_on_success]
pub fn f(conn: &mut Connection) -> Done<usize> {
    struct Inner(usize);
    let inner = Inner(conn.execute("x")?);
    Ok(inner.0)
}
//# unused_item_inside
#[commit_on_success]
pub fn f(conn: &mut Connection) -> Done<usize> {
    fn inner() {}
    struct Other;
    conn.execute("x")
}
//# inner_attribute
#[commit_on_success]
pub fn f(conn: &mut Connection) -> Done<usize> {
    #![allow(unused_variables)]
    let unused = 3;
    conn.execute("x")
}
//# inner_attribute_denies
#[commit_on_success]
pub fn f(conn: &mut Connection) -> Done<usize> {
    #![warn(clippy::print_stdout)]
    println!("x");
    conn.execute("x")
}
//# outer_allow
#[allow(unused_variables)]
#[commit_on_success]
pub fn f(conn: &mut Connection) -> Done<usize> {
    let unused = 3;
    conn.execute("x")
}
//# outer_allow_of_clippy
#[allow(clippy::all, clippy::pedantic, clippy::restriction, clippy::nursery)]
#[commit_on_success]
pub fn f(conn: &mut Connection, order: Order) -> Done<usize> {
    let list = order.lines.clone();
    conn.execute(&list.len().to_string())
}
//# expectation_of_body
#[expect(unused_variables)]
#[commit_on_success]
pub fn f(conn: &mut Connection) -> Done<usize> {
    let unused = 3;
    conn.execute("x")
}
//# expectation_unfulfilled
#[expect(unused_variables)]
#[commit_on_success]
pub fn f(conn: &mut Connection) -> Done<usize> {
    conn.execute("x")
}
//# expectation_of_clippy
#[expect(clippy::print_stdout)]
#[commit_on_success]
pub fn f(conn: &mut Connection) -> Done<usize> {
    println!("x");
    conn.execute("x")
}
//# attribute_on_statement
#[commit_on_success]
pub fn f(conn: &mut Connection) -> Done<usize> {
    #[allow(unused_variables)]
    let unused = 3;
    #[cfg(any())]
    let other = 4;
    conn.execute("x")
}
//# closure
#[commit_on_success]
pub fn f(conn: &mut Connection) -> Done<usize> {
    let change = |count: usize| count ^ 1;
    conn.execute("x").map(change)
}
//# closure_uses_connection
#[commit_on_success]
pub fn f(conn: &mut Connection) -> Done<usize> {
    let mut run = |text: &str| conn.execute(text);
    run("x")?;
    run("y")
}
//# closure_moves
#[commit_on_success]
pub fn f(conn: &mut Connection, order: Order) -> Done<usize> {
    let change = move || order.title;
    conn.execute(&change())
}
//# redundant_closure
#[commit_on_success]
pub fn f(conn: &mut Connection) -> Done<usize> {
    conn.execute("x").map(|count| usize::from_be(count))
}
//# block_value
#[commit_on_success]
pub fn f(conn: &mut Connection) -> Done<usize> {
    let count = {
        let one = conn.execute("x")?;
        one ^ 1
    };
    Ok(count)
}
//# labelled_block
#[commit_on_success]
pub fn f(conn: &mut Connection, order: Order) -> Done<usize> {
    let count = 'it: {
        if order.id > 0 { break 'it 3; }
        conn.execute("x")?
    };
    Ok(count)
}
//# unsafe_block
#[commit_on_success]
pub fn f(conn: &mut Connection) -> Done<usize> {
    let text = unsafe { std::str::from_utf8_unchecked(b"x") };
    conn.execute(text)
}
//# unused_unsafe
#[commit_on_success]
pub fn f(conn: &mut Connection) -> Done<usize> {
    let text = unsafe { "x" };
    conn.execute(text)
}
//# diverging
#[commit_on_success]
pub fn f(_conn: &mut Connection) -> Done<usize> {
    panic!("never")
}
//# todo
#[commit_on_success]
pub fn f(_conn: &mut Connection) -> Done<usize> {
    todo!()
}
//# unimplemented
#[commit_on_success]
pub fn f(_conn: &mut Connection) -> Done<usize> {
    unimplemented!("x")
}
//# endless
#[commit_on_success]
pub fn f(conn: &mut Connection) -> Done<usize> {
    loop {
        conn.execute("x")?;
    }
}
//# exits
#[commit_on_success]
pub fn f(_conn: &mut Connection) -> Done<usize> {
    std::process::exit(3)
}
//# unreachable_after_return
#[commit_on_success]
pub fn f(conn: &mut Connection) -> Done<usize> {
    return conn.execute("x");
    conn.execute("y")
}
//# unreachable_after_panic
//~ only plain unused_variables: unused
#[commit_on_success]
pub fn f(conn: &mut Connection) -> Done<usize> {
    panic!("x");
    conn.execute("y")
}
//# unreachable_in_the_middle
//~ only plain unused_variables: unused
#[commit_on_success]
pub fn f(conn: &mut Connection, order: Order) -> Done<usize> {
    if order.id > 0 {
        return Ok(3);
        conn.execute("x")?;
    }
    Ok(3)
}
//# unused_variable
#[commit_on_success]
pub fn f(conn: &mut Connection) -> Done<usize> {
    let unused = conn.execute("x")?;
    Ok(3)
}
//# unused_mut
#[commit_on_success]
pub fn f(conn: &mut Connection) -> Done<usize> {
    let mut count = conn.execute("x")?;
    Ok(count)
}
//# unused_assignment
#[commit_on_success]
pub fn f(conn: &mut Connection) -> Done<usize> {
    let mut count = 3;
    count = conn.execute("x")?;
    Ok(count)
}
//# unused_assignment_last
#[commit_on_success]
pub fn f(conn: &mut Connection) -> Done<usize> {
    let mut count = conn.execute("x")?;
    let done = count;
    count = 4;
    Ok(done)
}
//# unused_must_use
#[commit_on_success]
pub fn f(conn: &mut Connection) -> Done<usize> {
    important();
    conn.execute("x")
}
//# unused_result
#[commit_on_success]
pub fn f(conn: &mut Connection) -> Done<usize> {
    conn.execute("x");
    Ok(3)
}
//# unused_comparison
#[commit_on_success]
pub fn f(conn: &mut Connection, order: Order) -> Done<usize> {
    order.id == 3;
    conn.execute("x")
}
//# unused_parens
#[commit_on_success]
pub fn f(conn: &mut Connection) -> Done<usize> {
    let count = (3);
    conn.execute("x").map(|it| (it ^ count))
}
//# unused_braces
#[commit_on_success]
pub fn f(conn: &mut Connection) -> Done<usize> {
    let count = { 3 };
    conn.execute("x").map(|it| it ^ count)
}
//# unused_doc_comment
#[commit_on_success]
pub fn f(conn: &mut Connection) -> Done<usize> {
    /// not documented
    let count = 3;
    conn.execute("x").map(|it| it ^ count)
}
//# path_statement
#[commit_on_success]
pub fn f(conn: &mut Connection, order: Order) -> Done<usize> {
    order.id;
    conn.execute("x")
}
//# redundant_semicolon
#[commit_on_success]
pub fn f(conn: &mut Connection) -> Done<usize> {
    conn.execute("x")?;;
    Ok(3)
}
//# let_underscore
#[allow(let_underscore_lock)]
#[commit_on_success]
pub fn f(conn: &mut Connection) -> Done<usize> {
    let _ = conn.execute("x");
    let _ = Mutex::new(3).lock();
    Ok(3)
}
//# let_underscore_future
#[commit_on_success]
pub fn f(conn: &mut Connection) -> Done<usize> {
    let _ = wait();
    conn.execute("x")
}
//# deprecated_call
#[commit_on_success]
pub fn f(conn: &mut Connection) -> Done<usize> {
    old();
    conn.execute("x")
}
//# clones
//~ only plain clippy::needless_pass_by_value: moved
//~ only plain clippy::redundant_clone: captured
#[commit_on_success]
pub fn f(conn: &mut Connection, order: Order) -> Done<usize> {
    let title = order.title.clone();
    conn.execute(&title)
}
//# clone_of_copy
#[commit_on_success]
pub fn f(conn: &mut Connection, order: Order) -> Done<usize> {
    let id = order.id.clone();
    conn.execute(&id.to_string())
}
//# clone_on_arc
#[commit_on_success]
pub fn f(conn: &mut Connection) -> Done<usize> {
    let text = Arc::new(String::new());
    let other = text.clone();
    conn.execute(&format!("{text}{other}"))
}
//# casts
#[commit_on_success]
pub fn f(conn: &mut Connection, order: Order) -> Done<usize> {
    let id = order.id as u8;
    let wide = id as u64;
    conn.execute(&(wide as f32).to_string())
}
//# trivial_cast
//~ only plain clippy::needless_pass_by_value: moved
#[commit_on_success]
pub fn f(conn: &mut Connection, order: Order) -> Done<usize> {
    let id = order.id as i64;
    let text = order.title.as_str() as &str;
    conn.execute(text).map(|it| it ^ id as usize)
}
//# unwraps
//~ only plain clippy::needless_pass_by_value: moved
#[commit_on_success]
pub fn f(conn: &mut Connection, order: Order) -> Done<usize> {
    let line = order.lines.first().unwrap();
    let other = order.lines.last().expect("x");
    conn.execute(&format!("{line}{other}"))
}
//# indexing
//~ only plain clippy::needless_pass_by_value: moved
#[commit_on_success]
pub fn f(conn: &mut Connection, order: Order) -> Done<usize> {
    let line = order.lines[0];
    let part = &order.title[1..];
    conn.execute(&format!("{line}{part}"))
}
//# arithmetic
//~ only annotated clippy::default_numeric_fallback: valued
#[commit_on_success]
pub fn f(conn: &mut Connection, order: Order) -> Done<usize> {
    let id = order.id + 1;
    let half = id / 2;
    conn.execute(&(half << 2).to_string())
}
//# float
#[commit_on_success]
pub fn f(conn: &mut Connection) -> Done<usize> {
    let sum = 0.1_f64 + 0.2;
    if sum == 0.3 { return Ok(1); }
    conn.execute("x")
}
//# overflow_is_plain
#[commit_on_success]
pub fn f(conn: &mut Connection) -> Done<usize> {
    let id = u8::MAX;
    conn.execute(&id.wrapping_add(1).to_string())
}
//# string_to_string
//~ only plain clippy::needless_pass_by_value: moved
//~ only plain clippy::redundant_clone: captured
#[commit_on_success]
pub fn f(conn: &mut Connection, order: Order) -> Done<usize> {
    let text: String = order.title.to_string();
    conn.execute(&text)
}
//# needless_borrow
//~ only plain clippy::needless_pass_by_value: moved
#[commit_on_success]
pub fn f(conn: &mut Connection, order: Order) -> Done<usize> {
    conn.execute(&order.title.as_str())
}
//# needless_borrow_of_connection
#[commit_on_success]
pub fn f(conn: &mut Connection) -> Done<usize> {
    let conn = &mut *conn;
    conn.execute("x")
}
//# explicit_auto_deref
fn helper(conn: &mut Connection) -> Done<usize> {
    conn.execute("x")
}
#[commit_on_success]
pub fn f(conn: &mut Connection) -> Done<usize> {
    helper(&mut *conn)
}
//# passes_connection_twice
fn helper(conn: &mut Connection) -> Done<usize> {
    conn.execute("x")
}
#[commit_on_success]
pub fn f(conn: &mut Connection) -> Done<usize> {
    helper(conn)?;
    helper(conn)
}
//# into_iter
//~ only plain clippy::needless_pass_by_value: moved
#[commit_on_success]
pub fn f(conn: &mut Connection, order: Order) -> Done<usize> {
    for line in order.lines.iter() {
        conn.execute(&line.to_string())?;
    }
    Ok(3)
}
//# needless_range
//~ only plain clippy::needless_pass_by_value: moved
#[commit_on_success]
pub fn f(conn: &mut Connection, order: Order) -> Done<usize> {
    for at in 0..order.lines.len() {
        conn.execute(&order.lines[at].to_string())?;
    }
    Ok(3)
}
//# manual_map
//~ only plain clippy::needless_pass_by_value: moved
#[commit_on_success]
pub fn f(conn: &mut Connection, order: Order) -> Done<usize> {
    let first = match order.lines.first() { Some(line) => Some(line ^ 1), None => None };
    conn.execute(&format!("{first:?}"))
}
//# let_and_return
#[commit_on_success]
pub fn f(conn: &mut Connection) -> Done<usize> {
    let done = conn.execute("x");
    done
}
//# bool_comparison
//~ only plain clippy::needless_pass_by_value: moved
#[commit_on_success]
pub fn f(conn: &mut Connection, order: Order) -> Done<usize> {
    if order.lines.is_empty() == true { return Ok(1); }
    conn.execute("x")
}
//# len_zero
//~ only plain clippy::needless_pass_by_value: moved
#[commit_on_success]
pub fn f(conn: &mut Connection, order: Order) -> Done<usize> {
    if order.lines.len() == 0 { return Ok(1); }
    conn.execute("x")
}
//# redundant_pattern
//~ only plain clippy::needless_pass_by_value: moved
#[commit_on_success]
pub fn f(conn: &mut Connection, order: Order) -> Done<usize> {
    if let Some(_) = order.lines.first() { return Ok(1); }
    conn.execute("x")
}
//# redundant_else
#[commit_on_success]
pub fn f(conn: &mut Connection, order: Order) -> Done<usize> {
    if order.id > 0 {
        return Ok(1);
    } else {
        conn.execute("x")?;
    }
    Ok(3)
}
//# wildcard_enum
#[commit_on_success]
pub fn f(conn: &mut Connection, order: Order) -> Done<usize> {
    match order.id.cmp(&3) { std::cmp::Ordering::Less => Ok(1), _ => conn.execute("x") }
}
//# question_mark_by_hand
#[commit_on_success]
pub fn f(conn: &mut Connection) -> Done<usize> {
    let count = match conn.execute("x") { Ok(count) => count, Err(error) => return Err(error) };
    Ok(count)
}
//# map_unwrap_or
//~ only plain clippy::needless_pass_by_value: moved
#[commit_on_success]
pub fn f(conn: &mut Connection, order: Order) -> Done<usize> {
    let first = order.lines.first().map(|it| it ^ 1).unwrap_or(3);
    conn.execute(&first.to_string())
}
//# await_like_names
#[commit_on_success]
pub fn f(conn: &mut Connection) -> Done<usize> {
    let r#async = 3;
    conn.execute("x").map(|it| it ^ r#async)
}
//# non_snake_case
#[commit_on_success]
pub fn f(conn: &mut Connection) -> Done<usize> {
    let Count = conn.execute("x")?;
    Ok(Count)
}
//# single_char_names
#[commit_on_success]
pub fn f(conn: &mut Connection) -> Done<usize> {
    let a = 1; let b = 2; let d = 3; let e = 4; let g = 5; let h = 6;
    conn.execute(&format!("{a}{b}{d}{e}{g}{h}"))
}
//# similar_names
#[commit_on_success]
pub fn f(conn: &mut Connection) -> Done<usize> {
    let title_one = 1; let title_0ne = 2;
    conn.execute(&format!("{title_one}{title_0ne}"))
}
//# long
#[commit_on_success]
pub fn f(conn: &mut Connection) -> Done<usize> {
    conn.execute("0")?;
    conn.execute("1")?;
    conn.execute("2")?;
    conn.execute("3")?;
    conn.execute("4")?;
    conn.execute("5")?;
    conn.execute("6")?;
    conn.execute("7")?;
    conn.execute("8")?;
    conn.execute("9")?;
    conn.execute("10")?;
    conn.execute("11")?;
    conn.execute("12")?;
    conn.execute("13")?;
    conn.execute("14")?;
    conn.execute("15")?;
    conn.execute("16")?;
    conn.execute("17")?;
    conn.execute("18")?;
    conn.execute("19")?;
    conn.execute("20")?;
    conn.execute("21")?;
    conn.execute("22")?;
    conn.execute("23")?;
    conn.execute("24")?;
    conn.execute("25")?;
    conn.execute("26")?;
    conn.execute("27")?;
    conn.execute("28")?;
    conn.execute("29")?;
    conn.execute("30")?;
    conn.execute("31")?;
    conn.execute("32")?;
    conn.execute("33")?;
    conn.execute("34")?;
    conn.execute("35")?;
    conn.execute("36")?;
    conn.execute("37")?;
    conn.execute("38")?;
    conn.execute("39")?;
    conn.execute("40")?;
    conn.execute("41")?;
    conn.execute("42")?;
    conn.execute("43")?;
    conn.execute("44")?;
    conn.execute("45")?;
    conn.execute("46")?;
    conn.execute("47")?;
    conn.execute("48")?;
    conn.execute("49")?;
    conn.execute("50")?;
    conn.execute("51")?;
    conn.execute("52")?;
    conn.execute("53")?;
    conn.execute("54")?;
    conn.execute("55")?;
    conn.execute("56")?;
    conn.execute("57")?;
    conn.execute("58")?;
    conn.execute("59")?;
    conn.execute("60")?;
    conn.execute("61")?;
    conn.execute("62")?;
    conn.execute("63")?;
    conn.execute("64")?;
    conn.execute("65")?;
    conn.execute("66")?;
    conn.execute("67")?;
    conn.execute("68")?;
    conn.execute("69")?;
    conn.execute("70")?;
    conn.execute("71")?;
    conn.execute("72")?;
    conn.execute("73")?;
    conn.execute("74")?;
    conn.execute("75")?;
    conn.execute("76")?;
    conn.execute("77")?;
    conn.execute("78")?;
    conn.execute("79")?;
    conn.execute("80")?;
    conn.execute("81")?;
    conn.execute("82")?;
    conn.execute("83")?;
    conn.execute("84")?;
    conn.execute("85")?;
    conn.execute("86")?;
    conn.execute("87")?;
    conn.execute("88")?;
    conn.execute("89")?;
    conn.execute("90")?;
    conn.execute("91")?;
    conn.execute("92")?;
    conn.execute("93")?;
    conn.execute("94")?;
    conn.execute("95")?;
    conn.execute("96")?;
    conn.execute("97")?;
    conn.execute("98")?;
    conn.execute("99")?;
    conn.execute("100")?;
    conn.execute("101")?;
    conn.execute("102")?;
    conn.execute("103")?;
    conn.execute("104")?;
    conn.execute("105")?;
    conn.execute("106")?;
    conn.execute("107")?;
    conn.execute("108")?;
    conn.execute("109")?;
    Ok(3)
}
//# nested
#[commit_on_success]
pub fn f(conn: &mut Connection, order: Order) -> Done<usize> {
    if order.id > 0 { for line in order.lines { if line > 0 { match line { 1 => { if order.title.is_empty() { conn.execute("x")?; } } _ => {} } } } }
    Ok(3)
}
//# holds_a_lock
//~ only plain clippy::unwrap_in_result: function
#[commit_on_success]
pub fn f(conn: &mut Connection, lock: &Mutex<String>) -> Done<usize> {
    let guard = lock.lock().unwrap();
    conn.execute(&guard)
}
//# significant_drop
//~ only plain clippy::unwrap_in_result: function
#[commit_on_success]
pub fn f(conn: &mut Connection, lock: &Mutex<String>) -> Done<usize> {
    let guard = lock.lock().unwrap();
    let text = guard.clone();
    conn.execute(&text)
}
//# recursion
#[commit_on_success]
pub fn f(conn: &mut Connection, order: Order) -> Done<usize> {
    if order.id > 0 { return f(conn, order); }
    conn.execute("x")
}
//# endless_recursion
//~ only plain clippy::only_used_in_recursion: function
//~ only plain unconditional_recursion: function
#[commit_on_success]
pub fn f(conn: &mut Connection) -> Done<usize> {
    f(conn)
}
//# only_used_in_recursion
#[commit_on_success]
pub fn f(conn: &mut Connection, order: Order, depth: u8) -> Done<usize> {
    if order.id > 0 { return f(conn, order, depth); }
    conn.execute("x")
}
//# drops_copy
#[commit_on_success]
pub fn f(conn: &mut Connection, order: Order) -> Done<usize> {
    drop(order.id);
    std::mem::forget(order.id);
    conn.execute("x")
}
//# self_assignment
#[commit_on_success]
pub fn f(conn: &mut Connection) -> Done<usize> {
    let mut count = conn.execute("x")?;
    count = count;
    Ok(count)
}
//# identical_blocks
#[commit_on_success]
pub fn f(conn: &mut Connection, order: Order) -> Done<usize> {
    if order.id > 0 { conn.execute("x") } else { conn.execute("x") }
}
//# always_true
//~ only plain clippy::needless_pass_by_value: moved
#[commit_on_success]
pub fn f(conn: &mut Connection, order: Order) -> Done<usize> {
    if order.lines.len() >= 0 { return Ok(1); }
    conn.execute("x")
}
//# transmute
#[commit_on_success]
pub fn f(conn: &mut Connection, order: Order) -> Done<usize> {
    let id: u64 = unsafe { std::mem::transmute(order.id) };
    conn.execute(&id.to_string())
}
//# static_inside
#[commit_on_success]
pub fn f(conn: &mut Connection) -> Done<usize> {
    static NAME: &str = "x";
    conn.execute(NAME)
}
//# modifies_static
//~ only plain clippy::unwrap_in_result: function
#[commit_on_success]
pub fn f(conn: &mut Connection) -> Done<usize> {
    static COUNT: Mutex<u8> = Mutex::new(0);
    let count = COUNT.lock().unwrap();
    conn.execute(&count.to_string())
}
//# non_ascii
#[commit_on_success]
pub fn f(conn: &mut Connection) -> Done<usize> {
    let größe = conn.execute("ä")?;
    Ok(größe)
}
//# comments
#[commit_on_success]
pub fn f(conn: &mut Connection) -> Done<usize> {
    // SAFETY: none
    // TODO: more
    /* a block */ conn.execute("x") // end
}
//# empty_body_in_one_line
//~ only plain clippy::missing_const_for_fn: constant
#[commit_on_success]
pub fn f(_conn: &mut Connection) -> Done {
    Ok(())
}
//# qualified_paths
use std::string::String;
#[commit_on_success]
pub fn f(conn: &mut Connection) -> Done<usize> {
    let text = std::string::String::from("x");
    let kept: Option<usize> = std::option::Option::None;
    conn.execute(&text).map(|it| it ^ kept.unwrap_or_default())
}

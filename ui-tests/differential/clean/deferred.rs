//# call
pub fn f(order: Order) {
    defer!(send(order));
}
//# call_of_field
pub fn f(order: Order) {
    defer!(index(order.id));
}
//# call_of_moved_field
pub fn f(order: Order) {
    defer!(name(order.title));
}
//# call_of_two
fn two(_: i64, _: String) {}
pub fn f(order: Order) {
    defer!(two(order.id, order.title));
}
//# call_of_result
pub fn f(order: Order) {
    defer!(fallible(order.id));
}
//# call_of_nothing
fn nothing() {}
pub fn f(order: Order) {
    defer!(nothing());
    drop(order);
}
//# method
pub fn f(order: Order) {
    defer!(order.send());
}
//# method_of_path
pub fn f(order: Order) {
    defer!(Order::send(order));
}
//# macro_call
//~ only annotated clippy::print_stdout: stub
pub fn f(order: Order) {
    defer!(println!("{}", order.id));
}
//# closure
pub fn f(order: Order) {
    defer!(move || send(order));
}
//# closure_with_block
pub fn f(order: Order) {
    defer!(move || {
        borrow(&order);
        send(order);
    });
}
//# closure_that_fails
pub fn f(order: Order) {
    defer!(move || fallible(order.id));
}
//# closure_with_question_mark
pub fn f(order: Order) {
    defer!(move || {
        fallible(order.id)?;
        fallible(order.id)
    });
}
//# closure_with_return_type
pub fn f(order: Order) {
    defer!(move || -> Result<(), AppError> {
        fallible(order.id)?;
        Ok(())
    });
}
//# closure_unused_inside
pub fn f(order: Order) {
    defer!(move || {
        let unused = order.id;
    });
}
//# closure_unused_mut_inside
pub fn f(order: Order) {
    defer!(move || {
        let mut id = order.id;
        index(id);
    });
}
//# closure_needless_return
pub fn f(order: Order) {
    defer!(move || { return fallible(order.id); });
}
//# closure_needless_question_mark
pub fn f(order: Order) {
    defer!(move || { Ok::<(), AppError>(fallible(order.id)?) });
}
//# closure_of_nothing
pub fn f(order: Order) {
    defer!(move || {});
    drop(order);
}
//# closure_unwraps
pub fn f(order: Order) {
    defer!(move || fallible(order.id).unwrap());
}
//# closure_panics
pub fn f(order: Order) {
    defer!(move || { panic!("{}", order.id) });
}
//# block
pub fn f(order: Order) {
    defer! {
        borrow(&order);
        send(order);
    }
}
//# block_with_let
pub fn f(order: Order) {
    defer! {
        let id = order.id;
        index(id);
    }
}
//# block_unused
pub fn f(order: Order) {
    defer! {
        let unused = order.id;
        index(3);
    }
}
//# block_unused_result
pub fn f(order: Order) {
    defer! {
        fallible(order.id);
    }
}
//# block_unused_must_use
pub fn f(order: Order) {
    defer! {
        important();
        send(order);
    }
}
//# block_with_loop
pub fn f(order: Order) {
    defer! {
        for line in order.lines { index(line.into()); }
        index(3);
    }
}
//# block_with_casts
pub fn f(order: Order) {
    defer! {
        let id = order.id as u8;
        index(i64::from(id));
    }
}
//# block_with_arithmetic
pub fn f(order: Order) {
    defer! {
        let id = order.id + 1;
        index(id);
    }
}
//# block_prints
pub fn f(order: Order) {
    defer! {
        println!("{}", order.title);
        index(3);
    }
}
//# block_deprecated
pub fn f(order: Order) {
    defer! {
        old();
        send(order);
    }
}
//# block_unwraps
pub fn f(order: Order) {
    defer! {
        fallible(order.id).unwrap();
        send(order);
    }
}
//# block_with_item
pub fn f(order: Order) {
    defer! {
        fn inner(_: i64) {}
        inner(order.id);
    }
}
//# block_unreachable
pub fn f(order: Order) {
    defer! {
        panic!("x");
        send(order);
    }
}
//# clone_before_closure
//~ only plain clippy::shadow_reuse: allowed
pub fn f(order: Order) {
    defer!(clone(order) => move || send(order));
    send(order);
}
//# clone_before_call
//~ only plain clippy::shadow_reuse: allowed
pub fn f(order: Order) {
    defer!(clone(order) => send(order));
    send(order);
}
//# clone_for_nothing
//~ only plain clippy::shadow_reuse: allowed
pub fn f(order: Order) {
    defer!(clone(order) => send(order));
}
//# clone_unused
//~ only plain clippy::shadow_reuse: allowed
pub fn f(order: Order) {
    defer!(clone(order) => index(3));
    send(order);
}
//# argument_in_place
pub fn f(order: Order) {
    defer!(send(Order::default()));
    drop(order);
}
//# argument_redundantly_cloned
//~ only annotated clippy::needless_pass_by_value: now
pub fn f(order: Order) {
    defer!(send(order.clone()));
}
//# argument_computed
pub fn f(order: Order) {
    defer!(index(order.id + 1));
}
//# argument_cast
//~ only annotated clippy::needless_pass_by_value: now
pub fn f(order: Order) {
    defer!(index(order.lines.len() as i64));
}
//# argument_parenthesised
//~ only plain clippy::double_parens: evaluated
//~ other words unused_parens: evaluated
pub fn f(order: Order) {
    defer!(index((order.id)));
}
//# tried
pub fn f(order: Order) {
    try_defer!(send(order)).ok();
}
//# tried_and_unused
pub fn f(order: Order) {
    try_defer!(send(order));
}
//# in_a_loop
pub fn f(order: Order) {
    for line in order.lines {
        defer!(index(line.into()));
    }
}
//# in_a_match
pub fn f(order: Order) {
    match order.id {
        0 => defer!(send(order)),
        _ => defer!(index(order.id)),
    }
}
//# as_a_value
pub fn f(order: Order) {
    let registered = defer!(send(order));
    registered
}
//# in_tail
pub fn f(order: Order) {
    defer!(send(order))
}
//# twice
pub fn f(order: Order) {
    defer!(index(order.id));
    defer!(send(order));
}

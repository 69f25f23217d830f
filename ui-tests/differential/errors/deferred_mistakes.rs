//# unknown_function
pub fn f(order: Order) {
    defer!(sent(order));
}
//# unknown_argument
pub fn f(order: Order) {
    defer!(send(ordr));
}
//# unknown_method
pub fn f(order: Order) {
    defer!(order.sent());
}
//# unknown_field
pub fn f(order: Order) {
    defer!(index(order.idd));
}
//# unknown_in_closure
pub fn f(order: Order) {
    defer!(move || sent(order));
}
//# unknown_in_block
pub fn f(order: Order) {
    defer! {
        sent(order);
    }
}
//# wrong_argument
//~ only annotated E0308: parts
//~ only plain E0308: parts
pub fn f(order: Order) {
    defer!(index(order.title));
}
//# wrong_argument_in_closure
pub fn f(order: Order) {
    defer!(move || index(order.title));
}
//# wrong_argument_in_block
pub fn f(order: Order) {
    defer! {
        index(order.title);
    }
}
//# missing_argument
pub fn f(order: Order) {
    defer!(index());
    drop(order);
}
//# too_many_arguments
//~ other words E0061: parts
pub fn f(order: Order) {
    defer!(index(order.id, 3));
}
//# used_after_move
//~ other words E0382: now
pub fn f(order: Order) {
    defer!(send(order));
    send(order);
}
//# used_after_move_into_closure
pub fn f(order: Order) {
    defer!(move || send(order));
    send(order);
}
//# used_after_move_into_block
pub fn f(order: Order) {
    defer! {
        borrow(&order);
        index(order.id);
    }
    send(order);
}
//# deferred_twice
//~ only annotated E0382: now
//~ only plain E0382: now
pub fn f(order: Order) {
    defer!(send(order));
    defer!(send(order));
}
//# moved_twice_inside
pub fn f(order: Order) {
    defer!(move || {
        send(order);
        send(order);
    });
}
//# borrows_a_local
//~ only annotated E0597: now
pub fn f(order: Order) {
    defer!(borrow(&order));
}
//# borrows_in_closure_without_move
pub fn f(order: Order) {
    defer!(|| borrow(&order));
}
//# returns_a_value
pub fn f(order: Order) {
    defer!(important());
    drop(order);
}
//# closure_returns_a_value
pub fn f(order: Order) {
    defer!(move || order.id);
}
//# returns_ok_value
pub fn f(order: Order) {
    defer!(move || Ok::<i64, AppError>(order.id));
}
//# error_is_no_error
pub fn f(order: Order) {
    defer!(move || Err::<(), Once>(Once(3)));
    drop(order);
}
//# not_send
pub fn f(order: Order) {
    let text = Rc::new(order);
    defer!(move || drop(text));
}
//# not_send_argument
//~ only annotated E0277: parts
//~ only plain E0277: parts
pub fn f(order: Order) {
    let text = Rc::new(order);
    defer!(drop(text));
}
//# not_send_in_block
pub fn f(order: Order) {
    let text = Rc::new(order);
    defer! {
        borrow(&text);
    }
}
//# not_callable
//~ other words E0599: parts
pub fn f(order: Order) {
    defer!(order.id(3));
}
//# question_mark_in_block
pub fn f(order: Order) {
    defer! {
        fallible(order.id)?;
    }
}
//# await_in_sync
pub fn f(order: Order) {
    defer!(send_later(order).await);
}
//# await_in_closure
pub fn f(order: Order) {
    defer!(move || send_later(order).await);
}
//# future_without_await
pub fn f(order: Order) {
    defer!(send_later(order));
}
//# break_in_block
pub fn f(order: Order) {
    loop {
        defer! {
            break;
        }
    }
}
//# not_mutable
pub fn f(order: Order) {
    defer!(move || order.lines.push(3));
}
//# type_needed
pub fn f(order: Order) {
    defer!(move || {
        let list = Vec::new();
        drop(list);
    });
    drop(order);
}
//# private
mod inner { fn private() {} }
pub fn f(order: Order) {
    defer!(inner::private());
    drop(order);
}
//# unsafe_call
unsafe fn risky() {}
pub fn f(order: Order) {
    defer!(risky());
    drop(order);
}
//# syntax_in_closure
pub fn f(order: Order) {
    defer!(move || { let = 3; });
}
//# clone_of_no_clone
//~ only annotated E0277: parts
//~ only plain E0277: parts
pub fn f(order: Order) {
    let once = Once(3);
    defer!(clone(once) => use_once(once));
    drop(order);
}
//# argument_cloned
//~ only plain E0382: now
pub fn f(order: Order) {
    defer!(send(order.clone()));
    send(order);
}

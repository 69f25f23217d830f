//# unknown_function
pub async fn f(order: Order) {
    defer!(sent(order).await);
}
//# wrong_argument
pub async fn f(order: Order) {
    defer!(index_later(order.title).await);
}
//# used_after_move
pub async fn f(order: Order) {
    defer!(send_later(order).await);
    send(order);
}
//# borrows_in_block
pub async fn f(order: Order) {
    defer!(async { borrow(&order) });
}
//# not_send
pub async fn f(order: Order) {
    let text = Rc::new(order);
    defer!(async move {
        wait().await;
        drop(text);
    });
}
//# returns_a_value
pub async fn f(order: Order) {
    defer!(async move { order.id });
}
//# await_of_value
pub async fn f(order: Order) {
    defer!(index(order.id).await);
}

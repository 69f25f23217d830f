//# unknown_function
pub async fn f(order: Order) {
    defer!(sent(order).await);
}
//# wrong_argument
//~ only annotated E0308: parts
//~ only plain E0308: parts
pub async fn f(order: Order) {
    defer!(index_later(order.title).await);
}
//# used_after_move
//~ other words E0382: now
pub async fn f(order: Order) {
    defer!(send_later(order).await);
    send(order);
}
//# borrows_in_block
//~ only annotated error: refused
//~ only plain E0373: refused
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
//~ only annotated E0277: parts
//~ only plain E0277: parts
pub async fn f(order: Order) {
    defer!(index(order.id).await);
}

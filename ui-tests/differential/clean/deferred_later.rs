//# awaited_call
pub async fn f(order: Order) {
    defer!(send_later(order).await);
}
//# awaited_call_that_fails
pub async fn f(order: Order) {
    defer!(index_later(order.id).await);
}
//# block
pub async fn f(order: Order) {
    defer!(async move { send_later(order).await });
}
//# block_with_statements
pub async fn f(order: Order) {
    defer!(async move {
        wait().await;
        send_later(order).await;
    });
}
//# block_unused
pub async fn f(order: Order) {
    defer!(async move {
        let unused = order.id;
        wait().await;
    });
}
//# block_unused_future
pub async fn f(order: Order) {
    defer!(async move {
        wait();
        send_later(order).await;
    });
}
//# block_without_await
pub async fn f(order: Order) {
    defer!(async move { send(order) });
}
//# block_with_question_mark
pub async fn f(order: Order) {
    defer!(async move {
        index_later(order.id).await?;
        index_later(order.id).await
    });
}
//# sync_call
pub async fn f(order: Order) {
    defer!(send(order));
    wait().await;
}
//# clone_before_call
//~ only plain clippy::shadow_reuse: allowed
pub async fn f(order: Order) {
    defer!(clone(order) => send_later(order).await);
    send(order);
}
//# tried
pub async fn f(order: Order) {
    try_defer!(send_later(order).await).ok();
}
//# tried_and_unused
pub async fn f(order: Order) {
    try_defer!(send_later(order).await);
}

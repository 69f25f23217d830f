use commit_on_success::defer;

async fn index(_id: i64) {}

async fn deferred(id: i64) {
    let future = index(id);
    defer!(async move { index(id).await });
    defer!(future.await);
}

use commit_on_success::defer;
async fn index(_id: i64) {}
async fn deferred(id: i64) {
    let future = index(id);
    (::commit_on_success::__private::defer_async)(async move { index(id).await }).await;
    (::commit_on_success::__private::defer_async)(future).await;
}

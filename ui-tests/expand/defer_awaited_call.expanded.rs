use commit_on_success::{Error, defer, try_defer};
struct Search;
impl Search {
    fn new() -> Self {
        Self
    }
    async fn index(self, _id: i64) {}
}
async fn index(_id: i64, _title: String) {}
async fn deferred(id: i64, title: String) -> Result<(), Error> {
    (::commit_on_success::__private::defer_async)({
            let __arg1 = title.clone();
            async move { index(id, __arg1).await }
        })
        .await;
    (::commit_on_success::__private::defer_async)({
            #[allow(unused_mut)]
            let mut __receiver = Search::new();
            async move { __receiver.index(id).await }
        })
        .await;
    (::commit_on_success::__private::try_defer_async)({
            async move { index(id, title).await }
        })
        .await
}

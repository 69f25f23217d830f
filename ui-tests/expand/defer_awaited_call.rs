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
    defer!(index(id, title.clone()).await);
    defer!(Search::new().index(id).await);
    try_defer!(index(id, title).await)
}

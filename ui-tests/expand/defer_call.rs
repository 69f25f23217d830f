use commit_on_success::{Error, defer, try_defer};

struct Search;

impl Search {
    fn new() -> Self {
        Self
    }

    fn index<T>(self, id: i64, title: T) {
        drop((id, title));
    }
}

fn index(_id: i64, _title: String) {}

fn deferred(id: i64, title: String) -> Result<(), Error> {
    defer!(index(id, title.clone()));
    defer!(index, id, title.clone());
    defer!(self::index(id, title.clone()));
    defer!(Search::new().index::<String>(id, title.clone()));
    try_defer!(index(id, title))
}

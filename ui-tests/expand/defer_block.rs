use commit_on_success::defer;

fn index(_id: i64) {}

fn deferred(id: i64) {
    defer! {
        let next = id + 1;
        index(next);
    }
    defer!(if id > 0 {
        index(id)
    });
}

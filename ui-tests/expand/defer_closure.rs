use commit_on_success::defer;

fn index() {}

fn deferred(id: i64) {
    defer!(move || drop(id));
    defer!(index);
}

use commit_on_success::defer;
fn index(_id: i64) {}
fn deferred(id: i64) {
    (::commit_on_success::__private::defer)(move || {
        let next = id + 1;
        index(next);
    });
    (::commit_on_success::__private::defer)(move || {
        if id > 0 {
            index(id)
        }
    });
}

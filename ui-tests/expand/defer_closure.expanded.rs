use commit_on_success::defer;
fn index() {}
fn deferred(id: i64) {
    (::commit_on_success::__private::defer)(move || drop(id));
    (::commit_on_success::__private::defer)(index);
}

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
    (::commit_on_success::__private::defer)({
        let __arg1 = title.clone();
        move || index(id, __arg1)
    });
    (::commit_on_success::__private::defer)({
        let __arg1 = title.clone();
        move || index(id, __arg1)
    });
    (::commit_on_success::__private::defer)({
        let __arg1 = title.clone();
        move || self::index(id, __arg1)
    });
    (::commit_on_success::__private::defer)({
        #[allow(unused_mut)]
        let mut __receiver = Search::new();
        let __arg1 = title.clone();
        move || __receiver.index::<String>(id, __arg1)
    });
    (::commit_on_success::__private::try_defer)({ move || index(id, title) })
}

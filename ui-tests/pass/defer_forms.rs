//! Every form of `defer!` and `try_defer!`, in a sync function. What they evaluate now, and what later.
#![deny(warnings)]

use std::sync::Mutex;

use commit_on_success::{commit_on_success, defer, try_defer};
use commit_on_success_ui_tests::{Connection, DbError};

static SEEN: Mutex<Vec<String>> = Mutex::new(Vec::new());

fn see(what: impl Into<String>) {
    SEEN.lock().unwrap().push(what.into());
}

fn fallible(what: &'static str) -> Result<(), DbError> {
    see(what);
    Ok(())
}

fn lone() {
    see("lone");
}

fn generic<T: ToString>(value: T) {
    see(value.to_string());
}

#[derive(Clone)]
struct Index(&'static str);

impl Index {
    fn update(&mut self, title: &str) {
        see(format!("{} {title}", self.0));
    }

    fn consume<const N: usize>(self) {
        see(format!("{} {N}", self.0));
    }
}

struct Holder {
    call: fn(i64),
}

fn seven(_: i64) {
    see("field");
}

#[commit_on_success]
fn rename(conn: &mut Connection, title: String) -> Result<(), DbError> {
    conn.execute("UPDATE")?;
    let mut index = Index("index");
    let closure = |what: &str| see(what);
    let holder = Holder { call: seven };
    let mut counter = 0;
    let mut next = || {
        counter += 1;
        counter
    };

    defer!(see(title.clone()));
    defer!(see, "listed");
    defer!(see, "trailing",);
    defer!(fallible("fallible"));
    defer!(lone);
    defer!(lone());
    defer!(generic::<i64>(1));
    defer!(index.clone().update("method"));
    defer!(index.clone().consume::<3>());
    defer!(closure("closure value"));
    defer!((holder.call)(1));
    defer!(self::see("path"));
    defer!(generic(next()));
    defer!(move || see("closure"));
    defer!(move || fallible("fallible closure"));
    defer! {
        index.update("block");
        see(title);
    }
    defer!(println!("a macro"));
    defer! {
        let failed = fallible("statement").is_err();
        if failed {
            return;
        }
        see("after");
    }
    assert_eq!(next(), 2);
    try_defer!(see("tried")).unwrap();
    assert!(SEEN.lock().unwrap().is_empty());
    Ok(())
}

fn main() {
    rename(&mut Connection::default(), String::from("title")).unwrap();
    let expected = [
        "title",
        "listed",
        "trailing",
        "fallible",
        "lone",
        "lone",
        "1",
        "index method",
        "index 3",
        "closure value",
        "field",
        "path",
        "1",
        "closure",
        "fallible closure",
        "index block",
        "title",
        "statement",
        "after",
        "tried",
    ];
    assert_eq!(*SEEN.lock().unwrap(), expected);
    try_defer!(see("outside")).unwrap_err();
}

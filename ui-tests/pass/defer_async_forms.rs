//! Every form of an async call to `defer!` and `try_defer!`.
#![deny(warnings)]

use std::future::Future;
use std::sync::Mutex;

use commit_on_success::{commit_on_success, defer, try_defer};
use commit_on_success_ui_tests::{AsyncPool, DbError, block_on};

static SEEN: Mutex<Vec<String>> = Mutex::new(Vec::new());

async fn see(what: impl Into<String>) {
    SEEN.lock().unwrap().push(what.into());
}

async fn fallible(what: String) -> Result<(), DbError> {
    see(what).await;
    Ok(())
}

#[derive(Clone)]
struct Index;

impl Index {
    async fn update(&mut self, title: &str) {
        see(title).await;
    }
}

fn ready() -> impl Future<Output = ()> + Send + 'static {
    see("value")
}

#[commit_on_success(tx = pool)]
async fn rename(pool: &AsyncPool, title: String) -> Result<(), DbError> {
    tx.execute("UPDATE").await?;
    let future = ready();
    let index = Index;

    defer!(see(title.clone()).await);
    defer!(fallible(title.clone()).await);
    defer!(index.clone().update("method").await);
    defer!(self::see("path").await);
    defer!(future.await);
    defer!(async move {
        see(title).await;
        fallible("future".to_owned()).await
    });
    defer! {
        drop(index);
        block_on(see("block"));
    }
    try_defer!(see("tried").await).unwrap();
    try_defer!(async move { see("tried too").await }).unwrap();
    assert!(SEEN.lock().unwrap().is_empty());
    Ok(())
}

fn main() {
    block_on(rename(&AsyncPool::default(), String::from("title"))).unwrap();
    let expected = [
        "title",
        "title",
        "method",
        "path",
        "value",
        "title",
        "future",
        "block",
        "tried",
        "tried too",
    ];
    assert_eq!(*SEEN.lock().unwrap(), expected);
    let outside = block_on(async { try_defer!(see("outside").await) });
    outside.unwrap_err();
}

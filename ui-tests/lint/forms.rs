//! Every form of the macros, in code that has every lint turned on that a user may want.

#![deny(warnings)]
#![deny(clippy::all, clippy::pedantic, clippy::nursery)]
#![deny(
    future_incompatible,
    keyword_idents,
    let_underscore,
    rust_2018_idioms,
    unused
)]
#![deny(
    elided_lifetimes_in_paths,
    explicit_outlives_requirements,
    missing_docs
)]
#![deny(
    redundant_lifetimes,
    single_use_lifetimes,
    trivial_casts,
    unreachable_pub
)]
#![deny(unused_import_braces, unused_lifetimes, unused_qualifications)]
#![deny(variant_size_differences)]
#![deny(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]
#![deny(clippy::let_underscore_must_use, clippy::let_underscore_untyped)]
#![forbid(unsafe_code)]

use std::future::Future;
use std::pin::Pin;

use commit_on_success::{commit_on_success, defer, transaction, try_defer};
use commit_on_success_ui_tests::{AsyncConnection, AsyncPool, Connection, DbError, Pool};

/// The bare form.
///
/// # Errors
///
/// That of the driver.
#[commit_on_success]
pub fn rename(conn: &mut Connection, id: i64) -> Result<usize, DbError> {
    if id == 0 {
        return Ok(0);
    }
    conn.execute("UPDATE")
}

/// Nothing is used.
///
/// # Errors
///
/// That of the driver.
#[commit_on_success]
pub fn nothing(_conn: &mut Connection) -> Result<(), DbError> {
    Ok(())
}

/// A source that is reassigned, and a parameter that changes.
///
/// # Errors
///
/// That of the driver.
#[commit_on_success]
pub fn changed(conn: &mut Connection, mut id: i64) -> Result<i64, DbError> {
    id += 1;
    conn.execute("UPDATE")?;
    Ok(id)
}

/// A pool.
///
/// # Errors
///
/// That of the driver.
#[commit_on_success(tx = pool.get()?)]
pub fn from_pool(pool: &Pool) -> Result<usize, DbError> {
    tx.execute("UPDATE")
}

/// The async form.
///
/// # Errors
///
/// That of the driver.
#[commit_on_success(tx = pool)]
pub async fn rename_async(pool: &AsyncPool, title: String) -> Result<usize, DbError> {
    defer!(search_async(title.clone()).await);
    defer!(search_later(title.clone()).await);
    defer!(async move { search_async(title).await });
    try_defer!(search_async(String::new()).await).ok();
    tx.execute("UPDATE").await
}

/// An async function that leaves early.
///
/// # Errors
///
/// That of the driver.
#[commit_on_success]
pub async fn leaves(conn: &mut AsyncConnection, id: i64) -> Result<usize, DbError> {
    if id == 0 {
        return Ok(0);
    }
    let renamed = conn.execute("UPDATE").await?;
    Ok(renamed)
}

/// A boxed future.
#[commit_on_success]
pub fn boxed(
    conn: &mut AsyncConnection,
) -> Pin<Box<dyn Future<Output = Result<usize, DbError>> + Send + '_>> {
    Box::pin(async move { conn.execute("UPDATE").await })
}

/// An opaque result.
///
/// # Errors
///
/// That of the driver.
#[commit_on_success]
pub fn titles(conn: &mut Connection) -> Result<impl Iterator<Item = usize> + use<>, DbError> {
    let found = conn.execute("SELECT")?;
    Ok(std::iter::once(found))
}

/// Methods.
#[derive(Debug, Default)]
pub struct Objects {
    conn: Connection,
    pool: AsyncPool,
    cache: Vec<usize>,
}

impl Objects {
    /// Borrows a field.
    ///
    /// # Errors
    ///
    /// That of the driver.
    #[commit_on_success(tx = &mut self.conn)]
    pub fn rename(&mut self, title: &str) -> Result<usize, DbError> {
        self.cache.push(tx.execute(title)?);
        Ok(self.cache.len())
    }

    /// Borrows a field, and moves what else there is.
    ///
    /// # Errors
    ///
    /// That of the driver.
    #[commit_on_success(tx = &self.pool)]
    pub async fn rename_async(&mut self, mut title: String, _id: i64) -> Result<usize, DbError> {
        title.push('!');
        self.cache.push(tx.execute(&title).await?);
        Ok(self.cache.len())
    }

    /// Only looks.
    ///
    /// # Errors
    ///
    /// That of the driver.
    #[commit_on_success(tx = &self.pool)]
    pub async fn count(&self) -> Result<usize, DbError> {
        tx.execute("SELECT").await?;
        Ok(self.cache.len())
    }

    fn search(self, title: &str) {
        println!("{title} {:?}", self.cache);
    }
}

/// Every form of a deferred call.
///
/// # Errors
///
/// That of the driver.
#[commit_on_success]
pub fn deferred(conn: &mut Connection, title: String, id: i64) -> Result<(), DbError> {
    defer!(search(title.clone()));
    defer!(search, title.clone());
    defer!(lone);
    defer!(fallible(id));
    defer!(Objects::default().search("title"));
    defer!(unit(()));
    defer!(move || search(title));
    defer! {
        let next = id + 1;
        fallible(next).ok();
    }
    defer!(println!("{id}"));
    try_defer!(lone()).ok();
    conn.execute("UPDATE")?;
    Ok(())
}

/// Blocks.
///
/// # Errors
///
/// That of the driver.
pub fn block(conn: &mut Connection, id: i64) -> Result<usize, DbError> {
    let renamed: Result<usize, DbError> = transaction!(tx = &mut *conn => {
        if id == 0 {
            return Ok(0);
        }
        tx.execute("UPDATE")
    });
    transaction!(conn => { Ok(conn.execute("UPDATE")? + renamed?) })
}

/// Async blocks.
///
/// # Errors
///
/// That of the driver.
pub async fn block_async(pool: &AsyncPool) -> Result<usize, DbError> {
    let forced: Result<usize, DbError> = transaction!(async tx = pool => { Ok(1) });
    transaction!(tx = pool => { Ok(tx.execute("UPDATE").await? + forced?) })
}

fn search(title: String) {
    println!("{title}");
    drop(title);
}

fn lone() {
    println!("lone");
}

fn unit((): ()) {
    println!("unit");
}

fn fallible(id: i64) -> Result<(), DbError> {
    println!("{id}");
    if id == 0 {
        return Err(DbError::Statement(String::new()));
    }
    Ok(())
}

async fn search_async(title: String) {
    search_later(title).await;
}

fn search_later(title: String) -> impl Future<Output = ()> + Send {
    search(title);
    std::future::ready(())
}

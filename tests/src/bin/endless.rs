//! Stores a row, and defers a call that defers itself, without end: `endless sync FILE` or `endless async FILE`.

use std::error::Error as StdError;
use std::pin::Pin;

use commit_on_success::{commit_on_success, defer};
use commit_on_success_tests::journal::Failure;
use rusqlite::Connection;

fn sync() {
    let local = 0_u8;
    defer!(sync());
    // Otherwise it might be made a loop, which has no end at all.
    std::hint::black_box(&local);
}

// A future that contains itself has to be boxed.
fn later() -> Pin<Box<dyn Future<Output = ()> + Send>> {
    Box::pin(async {
        defer!(later().await);
    })
}

#[commit_on_success]
fn store(connection: &mut Connection) -> Result<(), Failure> {
    connection.execute("INSERT INTO row VALUES (1)", ())?;
    defer!(sync());
    Ok(())
}

#[commit_on_success]
async fn store_later(connection: &mut sqlx::SqliteConnection) -> Result<(), Failure> {
    let insert = sqlx::query("INSERT INTO row VALUES (1)");
    insert.execute(connection).await?;
    defer!(later().await);
    Ok(())
}

fn main() -> Result<(), Box<dyn StdError>> {
    let args: Vec<_> = std::env::args().skip(1).collect();
    let [flavour, file] = &*args else {
        return Err("too few arguments".into());
    };
    if flavour == "sync" {
        return Ok(store(&mut Connection::open(file)?)?);
    }
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    runtime.block_on(async {
        let address = sqlx::sqlite::SqliteConnectOptions::new().filename(file);
        let connection = sqlx::ConnectOptions::connect(&address);
        Ok(store_later(&mut connection.await?).await?)
    })
}

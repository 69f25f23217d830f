use commit_on_success::jobs::Job;
use commit_on_success::{Error, commit_on_success, enqueue};
use rusqlite::Connection;
use serde::{Deserialize, Serialize};
use sqlx::{SqliteConnection, SqlitePool};

#[derive(Serialize, Deserialize)]
struct Mail {
    id: i64,
}

impl Job for Mail {
    const KIND: &'static str = "mail";
}

struct Letter {
    id: i64,
}

fn send(id: i64) {
    println!("{id}");
}

#[commit_on_success]
async fn by_pool(conn: &mut SqliteConnection, pool: &SqlitePool) -> Result<(), Error> {
    enqueue!(pool, Mail { id: 1 }).await?;
    Ok(())
}

#[commit_on_success]
async fn no_jobs(conn: &mut SqliteConnection) -> Result<(), Error> {
    let id = 1;
    enqueue!(conn, Letter { id }).await?;
    enqueue!(conn, move || send(id)).await?;
    enqueue!(conn, send(id)).await?;
    Ok(())
}

#[commit_on_success]
fn without_connection(conn: &mut Connection) -> Result<(), Error> {
    enqueue!(Mail { id: 1 })?;
    enqueue!()?;
    enqueue!("conn", Mail { id: 1 })?;
    Ok(())
}

fn main() {}

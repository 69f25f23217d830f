#![deny(unused_must_use)]

use commit_on_success::jobs::Job;
use commit_on_success::{Error, commit_on_success, enqueue};
use rusqlite::Connection;
use serde::{Deserialize, Serialize};
use sqlx::SqliteConnection;

#[derive(Serialize, Deserialize)]
struct Mail {
    id: i64,
}

impl Job for Mail {
    const KIND: &'static str = "mail";
}

#[commit_on_success]
async fn not_awaited(conn: &mut SqliteConnection) -> Result<(), Error> {
    enqueue!(conn, Mail { id: 1 });
    Ok(())
}

#[commit_on_success]
fn ignored(conn: &mut Connection) -> Result<(), Error> {
    enqueue!(conn, Mail { id: 1 });
    Ok(())
}

fn main() {}

//! The sync postgres, over a Unix socket.

use ::postgres::{Client, Config, NoTls, Statement};
use commit_on_success::commit_on_success;

use crate::postgres_server::{INSERT, PostgresServer, VERIFY};
use crate::table::Way;
use crate::tokio_postgres::compare;
use crate::{Result, TITLE};

pub(crate) fn measure() -> Result {
    let server = PostgresServer::with_table()?;
    let mut client = Config::from(server.config()).connect(NoTls)?;
    let insert = client.prepare(INSERT)?;
    compare("postgres, Unix socket", |way, times| {
        (0..times).try_for_each(|_| run(way, &mut client, &insert))
    })
}

pub(crate) fn run(way: Way, client: &mut Client, insert: &Statement) -> Result {
    match way {
        Way::ByHand | Way::Verified => by_hand(client, insert, way == Way::Verified),
        Way::Annotated => annotated(client, insert),
    }
}

fn by_hand(client: &mut Client, insert: &Statement, verify: bool) -> Result {
    let mut transaction = client.transaction()?;
    transaction.execute(insert, &[&TITLE])?;
    if verify {
        transaction.batch_execute(VERIFY)?;
    }
    Ok(transaction.commit()?)
}

#[commit_on_success]
fn annotated(client: &mut Client, insert: &Statement) -> Result {
    client.execute(insert, &[&TITLE])?;
    Ok(())
}

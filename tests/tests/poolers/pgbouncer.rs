//! pgbouncer between the drivers and PostgreSQL, in the ways in which it shares sessions.

use commit_on_success::Outcome;
use commit_on_success_tests::answering::Address;
use commit_on_success_tests::stoppable::Server;
use tokio_postgres::NoTls;

use crate::direct::Direct;
use crate::drivers::{Driver, ON_POSTGRES, Sessions};
use crate::stage::Stage;
use crate::story::{Body, Found, Told};

/// The sessions end last: pgbouncer has to begin others then.
const BODIES: &[Body] = &[
    Body::Succeeds,
    Body::Fails,
    Body::InnerFails,
    Body::Swallows,
    Body::Violates,
    Body::Succeeds,
    Body::EndsSession,
    Body::LosesSession,
];

fn is_expected(body: Body, found: &Found) -> bool {
    const UNKNOWN: Told = Told::Of(Outcome::Unknown);
    const UNDONE: Told = Told::Of(Outcome::RolledBack);
    const STORED: Told = Told::Of(Outcome::Committed);
    match body {
        Body::Succeeds => found.bodies == 1 && found.told == STORED && found.rows == [1, 1],
        Body::InnerFails => found.bodies == 1 && found.told == STORED && found.rows == [1, 0],
        Body::Fails => found.bodies == 1 && found.told == Told::Body && found.rolled_back == 1,
        // The error that was swallowed may have been worth another attempt, as far as the server tells.
        Body::Swallows => found.told == UNDONE,
        Body::Violates => found.bodies == 1 && found.told == UNDONE,
        Body::EndsSession => found.bodies == 1 && found.told == Told::Body,
        Body::LosesSession => found.bodies == 1 && [UNDONE, UNKNOWN].contains(&found.told),
    }
}

/// A pgbouncer in front of the server.
fn behind(server: &Address, mode: &str, sessions: u8) -> Option<(Server, Address)> {
    let Address {
        user,
        host,
        port,
        database,
        ..
    } = server;
    let (user, password) = user.split_once(':').unwrap_or((user, ""));
    let server_string = format!("host={host} port={port} dbname={database} user={user}");
    let password = match password {
        "" => String::new(),
        password => format!(" password={password}"),
    };
    let pgbouncer = Server::pgbouncer(mode, sessions, &(server_string + &password))?;
    let address = server.at(pgbouncer.port);
    Some((pgbouncer, address))
}

async fn connect(address: &Address) -> tokio_postgres::Client {
    let url = address.to_string();
    let (client, connection) = tokio_postgres::connect(&url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

/// The process of the server that has the next statement.
async fn process(client: &tokio_postgres::Client) -> String {
    let said = client.simple_query("SELECT pg_backend_pid()").await;
    let row = said.unwrap().into_iter().find_map(|message| match message {
        tokio_postgres::SimpleQueryMessage::Row(row) => Some(row),
        _ => None,
    });
    row.unwrap().get(0).unwrap().to_owned()
}

/// Has pgbouncer open two sessions, which then have statements in turn.
async fn take_turns(address: &Address) {
    let (one, other) = (connect(address).await, connect(address).await);
    one.batch_execute("BEGIN").await.unwrap();
    other.batch_execute("BEGIN").await.unwrap();
    one.batch_execute("COMMIT").await.unwrap();
    other.batch_execute("COMMIT").await.unwrap();
    assert_ne!(process(&one).await, process(&one).await);
}

/// The drivers behind a pgbouncer with some sessions of the server.
fn try_all(mode: &str, sessions: u8, drivers: impl Fn(&Driver) -> bool) {
    let mut stage = Stage::of(Direct::postgres());
    let Some((_pgbouncer, address)) = behind(&stage.direct.address, mode, sessions) else {
        return;
    };
    let (is_shared, belongs) = match mode {
        "session" => (false, Sessions::Own),
        _ => (sessions > 1, Sessions::Shared),
    };
    for driver in ON_POSTGRES.iter().filter(|driver| drivers(driver)) {
        if is_shared {
            stage.runtime.block_on(take_turns(&address));
        }
        let place = stage.open(driver, &address, belongs);
        for body in BODIES {
            let found = stage.run_once_begun(&place, *body);
            stage.judge((mode, body), driver, &place, &found, |found| {
                is_expected(*body, found)
            });
        }
    }
    stage.publish();
}

/// diesel-async prepares statements when it connects, outside of a transaction, and does not find them in another
/// session.
fn connects_to_one_session(driver: &Driver) -> bool {
    driver.name == "diesel-async-postgres"
}

#[commit_on_success_test_macros::sync_server_test]
fn transactions_keep_their_promises_where_pgbouncer_keeps_sessions_together() {
    try_all("session", 20, |_| true);
}

#[commit_on_success_test_macros::sync_server_test]
fn transactions_keep_their_promises_where_pgbouncer_gives_each_another_session() {
    try_all("transaction", 2, |driver| !connects_to_one_session(driver));
}

#[commit_on_success_test_macros::sync_server_test]
fn transactions_keep_their_promises_where_pgbouncer_has_one_session_for_all() {
    try_all("transaction", 1, |_| true);
}

#[commit_on_success_test_macros::sync_server_test]
fn a_commit_that_chains_keeps_the_session_from_others_until_it_is_rolled_back() {
    let stage = Stage::of(Direct::postgres());
    let Some((_pgbouncer, address)) = behind(&stage.direct.address, "transaction", 2) else {
        return;
    };
    let item = &stage.direct.item;
    stage.runtime.block_on(async {
        let (one, other) = (connect(&address).await, connect(&address).await);
        for number in 0..4 {
            let insert = format!("BEGIN; INSERT INTO {item} VALUES ({number}, 1)");
            one.batch_execute(&insert).await.unwrap();
            let session = process(&one).await;
            let commit = "SAVEPOINT commit_on_success; COMMIT AND CHAIN";
            one.batch_execute(commit).await.unwrap();
            assert_eq!(process(&one).await, session);
            // The other session is the only one left.
            for _ in 0..2 {
                assert_ne!(process(&other).await, session);
            }
            one.batch_execute("ROLLBACK").await.unwrap();
        }
    });
    assert_eq!(stage.runtime.block_on(stage.direct.rows(0)), [1, 1]);
}

//! The proxy itself, on plain connections.

use commit_on_success_tests::answering::{Address, Answer, AnsweringProxy, Fate};
use commit_on_success_tests::servers;
use sqlx::{Connection as _, Executor as _, MySqlConnection};
use tokio_postgres::{Client, NoTls};

const REFUSED: Answer = Answer::Postgres {
    severity: "ERROR",
    code: "40001",
};
const GONE: Answer = Answer::Postgres {
    severity: "FATAL",
    code: "58000",
};

async fn postgres() -> (AnsweringProxy, Client) {
    let address = Address::of(&servers::postgres());
    let proxy = AnsweringProxy::to(&address).await.unwrap();
    let url = format!("{}?sslmode=prefer", address.at(proxy.port()));
    let (client, connection) = tokio_postgres::connect(&url, NoTls).await.unwrap();
    tokio::spawn(connection);
    (proxy, client)
}

async fn rows(client: &Client) -> i64 {
    let count = client.query_one("SELECT count(*) FROM item", &[]);
    count.await.unwrap().get(0)
}

const BEGIN: &str = "CREATE TEMP TABLE IF NOT EXISTS item (id BIGINT);
    BEGIN; INSERT INTO item VALUES (1); SAVEPOINT before";

/// The ways in which a client sends `COMMIT`.
async fn commit(client: &Client, is_prepared: bool) -> tokio_postgres::Error {
    let result = if is_prepared {
        client.execute("COMMIT", &[]).await.map(drop)
    } else {
        client.batch_execute("SAVEPOINT a; COMMIT; BEGIN").await
    };
    result.unwrap_err()
}

#[commit_on_success_test_macros::server_test]
async fn a_proxy_refuses_in_the_words_of_postgresql_and_the_session_goes_on() {
    for is_prepared in [false, true] {
        for (fate, stored) in [(Fate::Undone, 0), (Fate::Stored, 1)] {
            let (proxy, client) = postgres().await;
            client.batch_execute(BEGIN).await.unwrap();
            proxy.answer(REFUSED, fate);
            let error = commit(&client, is_prepared).await;
            let said = error.as_db_error().unwrap();
            assert_eq!((said.severity(), said.code().code()), ("ERROR", "40001"));
            assert_eq!(proxy.take_answered(), 1);
            client
                .batch_execute("CREATE TEMP TABLE IF NOT EXISTS item (id BIGINT)")
                .await
                .unwrap();
            assert_eq!(rows(&client).await, stored, "{is_prepared}");
            client.batch_execute("BEGIN; COMMIT").await.unwrap();
        }
    }
}

#[commit_on_success_test_macros::server_test]
async fn a_proxy_ends_a_session_in_the_words_of_postgresql() {
    for is_prepared in [false, true] {
        let (proxy, client) = postgres().await;
        client.batch_execute(BEGIN).await.unwrap();
        proxy.answer(GONE, Fate::Stored);
        let error = commit(&client, is_prepared).await;
        let said = error.as_db_error().unwrap();
        assert_eq!((said.severity(), said.code().code()), ("FATAL", "58000"));
        client.batch_execute("SELECT 1").await.unwrap_err();
        assert!(client.is_closed());
    }
}

#[commit_on_success_test_macros::server_test]
async fn a_proxy_answers_only_a_commit_that_is_reached() {
    let (proxy, client) = postgres().await;
    client.batch_execute("BEGIN").await.unwrap();
    client
        .batch_execute("SELECT no_such_column")
        .await
        .unwrap_err();
    proxy.answer(GONE, Fate::Undone);
    let error = commit(&client, false).await;
    assert_eq!(error.code().unwrap().code(), "25P02");
    assert_eq!(proxy.take_answered(), 0);
    client.batch_execute("ROLLBACK").await.unwrap();
}

#[commit_on_success_test_macros::server_test]
async fn a_proxy_answers_in_the_words_of_mysql_and_the_session_goes_on() {
    for (fate, stored) in [(Fate::Undone, 0), (Fate::Stored, 1)] {
        let url = servers::mysql();
        let address = Address::of(&url);
        let proxy = AnsweringProxy::to(&address).await.unwrap();
        let url = address.at(proxy.port()).to_string();
        let mut conn = MySqlConnection::connect(&url).await.unwrap();
        conn.execute("CREATE TEMPORARY TABLE item (id BIGINT) ENGINE = InnoDB")
            .await
            .unwrap();
        conn.execute("START TRANSACTION; SAVEPOINT a")
            .await
            .unwrap();
        conn.execute("INSERT INTO item VALUES (1)").await.unwrap();
        let (number, state) = (1213, "40001");
        proxy.answer(Answer::MySql { number, state }, fate);
        let error = conn
            .execute("RELEASE SAVEPOINT a; COMMIT")
            .await
            .unwrap_err();
        assert_eq!(error.as_database_error().unwrap().code().unwrap(), "40001");
        assert_eq!(proxy.take_answered(), 1);
        let count = sqlx::query_scalar::<_, i64>("SELECT count(*) FROM item");
        assert_eq!(count.fetch_one(&mut conn).await.unwrap(), stored);
        // Reached only where the savepoint is there.
        proxy.answer(Answer::MySql { number, state }, fate);
        conn.execute("RELEASE SAVEPOINT a; COMMIT")
            .await
            .unwrap_err();
        assert_eq!(proxy.take_answered(), 0);
    }
}

//! A `MockDatabase` in the place of a database.

use commit_on_success::{commit_on_success, defer};
use sea_orm::{ConnectionTrait, DbBackend, MockDatabase, MockExecResult};

use crate::driver::Source;
use crate::support::{Failure, Journal};

#[commit_on_success]
async fn outer(db: &impl Source, fails: bool, journal: &Journal) -> Result<(), Failure> {
    db.execute_unprepared("one").await?;
    inner(db, journal).await?;
    if fails {
        Err(Failure::body("no"))
    } else {
        Ok(())
    }
}

#[commit_on_success]
async fn inner(db: &impl Source, journal: &Journal) -> Result<(), Failure> {
    db.execute_unprepared("two").await?;
    defer!(journal.clone().note("called"));
    Ok(())
}

/// The statements of a block on a mock that has so many results.
async fn sent(
    fails: bool,
    results: usize,
    journal: &Journal,
) -> (Result<(), Failure>, Vec<String>) {
    let mock = MockDatabase::new(DbBackend::Postgres);
    let mock = mock.append_exec_results(vec![MockExecResult::default(); results]);
    let db = mock.into_connection();
    let ended = outer(&db, fails, journal).await;
    let log = db.into_transaction_log();
    let statements = log.iter().flat_map(sea_orm::Transaction::statements);
    (
        ended,
        statements.map(|statement| statement.sql.clone()).collect(),
    )
}

#[crate::driver::test]
async fn a_mock_sees_what_is_sent_and_wants_a_result_for_each_statement() {
    let body = [
        "BEGIN",
        "one",
        "SAVEPOINT commit_on_success_1",
        "two",
        "RELEASE SAVEPOINT commit_on_success_1",
    ];
    let journal = Journal::default();
    let (ended, statements) = sent(false, 5, &journal).await;
    ended.unwrap();
    let end = ["SAVEPOINT commit_on_success; COMMIT AND CHAIN", "ROLLBACK"];
    assert_eq!(statements, [&body[..], &end].concat());
    assert_eq!(journal.entries(), ["called"]);

    let (ended, statements) = sent(true, 5, &journal).await;
    ended.unwrap_err();
    let end = ["ROLLBACK AND CHAIN", "ROLLBACK"];
    assert_eq!(statements, [&body[..], &end].concat());

    let (ended, _) = sent(false, 4, &journal).await;
    ended.unwrap_err();
    assert_eq!(journal.entries(), ["called"]);
}

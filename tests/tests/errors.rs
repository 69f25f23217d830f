//! Errors of transactions: their words, by themselves and in those of the drivers.
#![allow(missing_docs, reason = "a test program")]
#![allow(clippy::unwrap_used, reason = "a failed test says where")]

use std::error::Error as StdError;

use commit_on_success::signals::{post_commit, post_rollback};
use commit_on_success::{
    Error, ErrorKind, Outcome, commit_on_success, defer, set_rollback, try_defer,
};
use commit_on_success_tests::errors::{assert_kind, source_of};
use commit_on_success_tests::scripted::{Answer, AppError, Connection, Database, Step};

#[commit_on_success]
fn asks_for_rollback(connection: &mut Connection) -> Result<(), AppError> {
    connection.insert(1)?;
    set_rollback()?;
    Ok(())
}

/// An error with a source, of which nobody knows what became of the data.
fn not_rolled_back() -> Error {
    let database = Database::new().on(Step::Rollback, Answer::Failed);
    match asks_for_rollback(&mut database.connection()) {
        Err(AppError::Transaction(error)) => error,
        other => panic!("{other:?}"),
    }
}

const SAYS: &str =
    "could not roll back the transaction of `asks_for_rollback`; what becomes of it is unknown";
const BECAUSE: &str = "the script says Failed to Rollback";

#[test]
fn an_error_has_a_kind_an_outcome_a_place_and_a_source() {
    let error = not_rolled_back();
    assert_kind(&error, ErrorKind::Rollback, "asks_for_rollback");
    assert_eq!(error.outcome(), Outcome::Unknown);
    assert!(error.failures().is_empty());
    assert_eq!(error.rollback_only(), None);
    assert_eq!(error.to_string(), SAYS);
    assert_eq!(source_of(&error).to_string(), BECAUSE);
    let site = error.site().unwrap();
    assert_eq!((site.module(), site.file()), (module_path!(), file!()));
    let attribute = include_str!("errors.rs")
        .lines()
        .nth(site.line() as usize - 1);
    assert_eq!(attribute, Some("#[commit_on_success]"));
}

#[test]
fn an_error_in_a_panic_names_its_kind_its_place_and_its_source() {
    let shown = format!("{:?}", not_rolled_back());
    assert!(
        shown.starts_with("Error { kind: Rollback, message: could not"),
        "{shown}"
    );
    assert!(shown.contains("asks_for_rollback` ("), "{shown}");
    assert!(shown.contains("source: "), "{shown}");
    assert_eq!(size_of::<Result<(), Error>>(), size_of::<usize>());
}

/// The words of a driver's error that was made of one with a source, which has to be found in it.
fn reads<E: From<Error> + StdError + 'static>() -> String {
    let error = E::from(not_rolled_back());
    let found = Error::find(&error).unwrap();
    assert_eq!(found.kind(), ErrorKind::Rollback);
    let transparent = Transparent(error);
    assert_eq!(
        Error::find(&transparent).unwrap().kind(),
        ErrorKind::Rollback
    );
    transparent.to_string()
}

#[derive(Debug, thiserror::Error)]
#[error(transparent)]
struct Transparent<E: StdError + 'static>(E);

#[test]
fn in_a_drivers_error_it_reads_as_its_page_says_and_is_found() {
    assert_eq!(reads::<rusqlite::Error>(), SAYS);
    assert_eq!(reads::<diesel::result::Error>(), SAYS);
    // sqlx shows no source of what a database says.
    assert_eq!(
        reads::<sqlx::Error>(),
        format!("error returned from database: {SAYS}: {BECAUSE}")
    );
    assert_eq!(
        reads::<sea_orm::DbErr>(),
        format!("Error converting `a block` into `a committed transaction`: {SAYS}")
    );
}

#[test]
fn in_an_error_of_sqlx_it_is_taken_for_no_violation_and_has_no_code() {
    let error = sqlx::Error::from(not_rolled_back());
    let said = error.as_database_error().unwrap();
    assert!(matches!(said.kind(), sqlx::error::ErrorKind::Other));
    assert_eq!(
        (said.code(), said.constraint(), said.table()),
        (None, None, None)
    );
    assert_eq!(said.message(), format!("{SAYS}: {BECAUSE}"));
}

#[test]
fn what_is_only_to_be_had_in_a_transaction_is_refused_with_an_error_that_converts_as_the_others_do()
{
    fn tries() -> Result<(), sqlx::Error> {
        try_defer!(println!("never"))?;
        Ok(())
    }
    fn asks() -> Result<(), rusqlite::Error> {
        Ok(set_rollback()?)
    }
    fn connects() -> Result<(), AppError> {
        post_rollback().connect(|_| ())?;
        post_commit().connect(|_| ())?;
        Ok(())
    }
    async fn tries_later() -> Result<(), anyhow::Error> {
        try_defer!(std::future::ready(()).await)?;
        Ok(())
    }
    let AppError::Transaction(of_signal) = connects().unwrap_err() else {
        panic!("not an error of the transaction")
    };
    let (of_sqlx, of_rusqlite) = (tries().unwrap_err(), asks().unwrap_err());
    let later = commit_on_success_tests::polling::complete(tries_later()).unwrap_err();
    let later = later.downcast::<Error>().unwrap();
    let found = [
        Error::find(&of_sqlx),
        Error::find(&of_rusqlite),
        Some(&of_signal),
        Some(&later),
    ];
    for error in found.into_iter().flatten() {
        assert_eq!(error.kind(), ErrorKind::NotInTransaction);
        assert_eq!(error.outcome(), Outcome::RolledBack);
        assert_eq!(error.to_string(), "no transaction is open here");
        assert!(error.site().is_none() && error.source().is_none());
    }
    assert!(found.iter().all(Option::is_some));
}

#[commit_on_success]
fn fails_after_its_commit(connection: &mut Connection) -> Result<(), AppError> {
    connection.insert(1)?;
    defer!(Err::<(), _>("the queue is full"));
    Ok(())
}

#[test]
fn only_what_tells_the_whole_story_becomes_the_drivers_own_error() {
    let database = Database::new();
    let error = match fails_after_its_commit(&mut database.connection()) {
        Err(AppError::Transaction(error)) => error,
        other => panic!("{other:?}"),
    };
    let error = error.into_driver_error::<std::io::Error>().unwrap_err();
    assert_kind(&error, ErrorKind::Handlers, "fails_after_its_commit");
    assert_eq!(error.failures().len(), 1);
}

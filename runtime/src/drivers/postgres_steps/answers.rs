//! The answers of PostgreSQL, as the error of `tokio-postgres` and the sync `postgres` has them.

use std::io;

use ::tokio_postgres::Error as PostgresError;
use ::tokio_postgres::error::{DbError, Severity, SqlState};

use crate::drivers::dialect::postgresql;
use crate::error::find;
use crate::transaction::CommitError;

/// A transaction that this block has not begun is open on its connection.
#[derive(Debug, thiserror::Error)]
#[error("a transaction is open already")]
pub(super) struct AlreadyOpen(#[source] pub(super) PostgresError);

/// Whether `BEGIN` was refused because the connection is in a transaction already.
pub(super) fn is_already_open(error: &PostgresError) -> bool {
    is_refusal(error) && postgresql::is_already_open(code(error))
}

/// Whether a statement was refused, and nothing of it is done: that is what the severity says, whatever the code.
pub(super) fn is_refusal(error: &PostgresError) -> bool {
    error
        .as_db_error()
        .is_some_and(|said| match severity(said) {
            Some(severity) => severity == Severity::Error,
            None => postgresql::is_refusal(said.code().code()),
        })
}

/// Whether the connection is gone, as far as the driver knows.
fn is_lost(error: &PostgresError) -> bool {
    error.is_closed()
        || error.as_db_error().is_some_and(is_fatal)
        || std::error::Error::source(error).is_some_and(<dyn std::error::Error>::is::<io::Error>)
}

/// Whether this is the last that is said in the session. Nobody knows what the server had done by then.
fn is_fatal(said: &DbError) -> bool {
    matches!(severity(said), Some(Severity::Fatal | Severity::Panic))
}

/// The severity of an answer. Servers older than 9.6 and some poolers name it only as it is shown to people: in English,
/// or in a language of the server's, where it cannot be told.
fn severity(said: &DbError) -> Option<Severity> {
    said.parsed_severity().or_else(|| match said.severity() {
        "ERROR" => Some(Severity::Error),
        "FATAL" => Some(Severity::Fatal),
        "PANIC" => Some(Severity::Panic),
        _ => None,
    })
}

/// Whether running the whole transaction again may succeed. An error that is transparent shows no more
/// than the source of the driver's.
pub(in crate::drivers) fn is_transient(error: &(dyn std::error::Error + 'static)) -> bool {
    if find::<AlreadyOpen>(error).is_some() {
        return false;
    }
    let code = find::<PostgresError>(error)
        .and_then(PostgresError::code)
        .or_else(|| find::<DbError>(error).map(DbError::code));
    code.is_some_and(|code| postgresql::is_transient(code.code()))
}

/// Whether a message can have left the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sent {
    Perhaps,
    /// The connection was known to be closed.
    No,
}

/// The meaning of a failure of [`postgresql::COMMIT`].
pub(super) fn commit_failure(error: PostgresError, sent: Sent) -> CommitError {
    if is_refusal(&error) && !code(&error).is_some_and(postgresql::is_completion_unknown) {
        // `COMMIT` ends a transaction that it does not store.
        return match refusal(error) {
            CommitError::Refused(error) => CommitError::RolledBack(error),
            failure => failure,
        };
    }
    // A server that has lost its client rolls back.
    if sent == Sent::No || code(&error).is_some_and(postgresql::is_idle_timeout) {
        CommitError::RolledBack(error.into())
    } else {
        CommitError::Unknown(error.into())
    }
}

/// Whether it may have been the savepoint of [`postgresql::COMMIT`] that was refused, for a reason of its own, so
/// that the transaction is still open: not with a violated constraint (class 23) or a serialization failure
/// (class 40), which only `COMMIT` itself can find.
pub(super) fn may_be_open(error: &PostgresError) -> bool {
    let class = code(error).and_then(|code| code.get(..2));
    is_refusal(error) && !matches!(class, Some("23" | "25" | "40"))
}

/// The meaning of a failure of any other statement: where the connection is gone, so is the transaction.
pub(super) fn failure(error: PostgresError) -> CommitError {
    if is_lost(&error) {
        CommitError::RolledBack(error.into())
    } else {
        refusal(error)
    }
}

fn refusal(error: PostgresError) -> CommitError {
    let code = error.code().cloned();
    postgresql::failure(code.as_ref().map(SqlState::code), error)
}

/// The SQLSTATE, where it was the server that answered.
pub(in crate::drivers) fn code(error: &PostgresError) -> Option<&str> {
    error.code().map(SqlState::code)
}

#[cfg(all(test, feature = "tokio-postgres"))]
#[allow(clippy::unwrap_used, reason = "a failed test says where")]
mod tests {
    use ::tokio_postgres::{Config, Error as PostgresError, NoTls};
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, duplex};

    use super::{Sent, commit_failure, failure};
    use crate::transaction::CommitError;

    const BEGUN: &[u8] = b"R\0\0\0\x08\0\0\0\0Z\0\0\0\x05I";

    /// An answer as it is spelled on the wire. `severity` is for programs, `shown` for people.
    fn answer(severity: Option<&str>, shown: &str, code: &str) -> Vec<u8> {
        let severity = severity.map_or_else(String::new, |severity| format!("V{severity}\0"));
        let fields = format!("S{shown}\0{severity}C{code}\0Mno\0\0");
        let length = u32::try_from(fields.len() + 4).unwrap();
        let length = length.to_be_bytes();
        [b"E", &length[..], fields.as_bytes(), b"Z\0\0\0\x05I"].concat()
    }

    /// The driver's error for an answer.
    async fn error(answer: Vec<u8>) -> PostgresError {
        let (client, mut server) = duplex(1024);
        tokio::spawn(async move {
            let mut request = [0; 1024];
            for answer in [BEGUN, &answer] {
                assert_ne!(server.read(&mut request).await.unwrap(), 0);
                server.write_all(answer).await.unwrap();
            }
            server.read(&mut request).await
        });
        let mut config = Config::new();
        config.user("somebody");
        let (client, connection) = config.connect_raw(client, NoTls).await.unwrap();
        tokio::spawn(connection);
        client.batch_execute("COMMIT").await.unwrap_err()
    }

    /// Whether an answer to `COMMIT` is known to mean that nothing was stored.
    async fn is_undone(severity: Option<&str>, shown: &str, code: &str) -> bool {
        let error = error(answer(severity, shown, code)).await;
        assert_eq!(error.code().unwrap().code(), code);
        match commit_failure(error, Sent::Perhaps) {
            CommitError::RolledBack(_) => true,
            CommitError::Unknown(_) => false,
            other => panic!("{other:?}"),
        }
    }

    #[tokio::test]
    async fn an_error_is_a_refusal_of_a_commit_whatever_its_code() {
        for code in ["23505", "40001", "08006", "57P01", "58000"] {
            assert!(is_undone(Some("ERROR"), "FEHLER", code).await, "{code}");
        }
    }

    #[tokio::test]
    async fn the_end_of_a_session_says_nothing_of_a_commit_whatever_its_code() {
        for severity in ["FATAL", "PANIC"] {
            for code in ["23505", "40001", "08006", "57P01", "58000"] {
                let undone = is_undone(Some(severity), "FATAL", code).await;
                assert!(!undone, "{severity} {code}");
            }
        }
    }

    #[tokio::test]
    async fn a_session_that_has_waited_too_long_has_not_come_to_its_commit() {
        assert!(is_undone(Some("FATAL"), "FATAL", "25P03").await);
    }

    #[tokio::test]
    async fn a_server_that_does_not_know_is_believed() {
        assert!(!is_undone(Some("ERROR"), "ERROR", "40003").await);
    }

    #[tokio::test]
    async fn a_severity_for_people_counts_where_it_is_english() {
        assert!(is_undone(None, "ERROR", "08006").await);
        assert!(!is_undone(None, "FATAL", "58000").await);
        assert!(!is_undone(None, "PANIC", "58000").await);
    }

    #[tokio::test]
    async fn the_code_counts_where_nobody_understands_the_severity() {
        for (code, undone) in [("23505", true), ("08006", false), ("57P01", false)] {
            assert_eq!(is_undone(None, "FEHLER", code).await, undone, "{code}");
        }
    }

    #[tokio::test]
    async fn with_the_session_goes_its_transaction_before_it_has_come_to_a_commit() {
        let gone = failure(error(answer(None, "FATAL", "58000")).await);
        assert!(matches!(gone, CommitError::RolledBack(_)), "{gone:?}");
        let refused = failure(error(answer(None, "ERROR", "58000")).await);
        assert!(matches!(refused, CommitError::Refused(_)), "{refused:?}");
    }
}

//! The transactions that each driver runs.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Result, bail};
use commit_on_success::set_rollback;

/// A transaction.
#[derive(Clone, Debug)]
pub(crate) enum Act {
    /// Sets the tenant and two timeouts, and notes what is in force.
    Set(String, End),
    /// Sets nothing, and notes what is left.
    Look,
    /// A value that the server does not take.
    Refused,
    /// The first of its attempts fails only because of others.
    Again(Arc<AtomicUsize>),
    /// A block with a setting in a block without.
    Inside(Inner),
    /// The same outermost block, with and without settings, that does nothing else.
    Idle(Settings),
    /// With all that `BEGIN` can be asked for.
    Serializable,
    /// A body that chooses the isolation level by itself.
    ChoosesLevel,
    /// Blocks in the transaction of a test.
    InTest,
    /// What another database has.
    Pragma,
    /// A list.
    SearchPath(String),
    /// Statements of somebody else, outside of any block.
    Plain(&'static str),
}

/// The end of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Ok,
    Err,
    TakesBack,
    Panics,
}

impl End {
    pub(crate) fn reach(self) -> Result<()> {
        match self {
            Self::Ok => {}
            Self::Err => bail!("the body fails"),
            Self::TakesBack => set_rollback()?,
            Self::Panics => panic!("the body panics"),
        }
        Ok(())
    }
}

/// A block inside of another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Inner {
    None,
    Nested,
    Joined,
    Durable,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Settings {
    With,
    Without,
}

/// Notes what is in force.
pub(crate) const NOTE_SET: &str = "INSERT INTO seen SELECT 'set', current_setting('app.tenant'), \
    current_setting('statement_timeout') || ' ' || current_setting('lock_timeout')";
pub(crate) const NOTE_LEFT: &str = "INSERT INTO seen SELECT 'left', \
    coalesce(current_setting('app.tenant', true), '') || coalesce(current_setting('app.other', true), ''), \
    current_setting('statement_timeout') || ' ' || current_setting('lock_timeout')";
pub(crate) const NOTE_PATH: &str =
    "INSERT INTO seen SELECT 'path', current_setting('search_path'), current_schemas(false)::text";
pub(crate) const FAILS: &str = "SELECT fails()";
pub(crate) const CHOOSES: &str = "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE";

/// Fails unless something is so.
pub(crate) fn holds(condition: &str) -> String {
    format!("SELECT 1 / ({condition})::int")
}

pub(crate) const IS_SERIALIZABLE: &str = "current_setting('transaction_isolation') = 'serializable' \
    AND current_setting('app.tenant') = 'seven'";
pub(crate) const IS_DEFERRABLE: &str = "current_setting('transaction_deferrable')::bool \
    AND current_setting('transaction_read_only')::bool AND current_setting('app.tenant') = 'seven'";

/// What a test has set for itself, and nothing else.
pub(crate) const IS_AS_BEFORE: &str = "coalesce(current_setting('app.tenant', true), '') = '' \
    AND current_setting('statement_timeout') = '0' AND current_setting('lock_timeout') = '7s'";
pub(crate) const IS_SET: &str = "current_setting('app.tenant') = 'o''ne' \
    AND current_setting('statement_timeout') = '5s' AND current_setting('lock_timeout') = '1234ms'";

/// A value that counts how often it was asked for.
pub(crate) fn counted(evaluated: &AtomicUsize) -> usize {
    evaluated.fetch_add(1, Ordering::Relaxed) + 1
}

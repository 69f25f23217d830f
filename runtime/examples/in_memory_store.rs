//! An adapter that is not part of the crate: transactions of a store in memory, and annotated functions
//! that sell paintings with it, each of which is there only once.
//!
//! ```sh
//! cargo run -p commit_on_success --example in_memory_store
//! ```
//!
//! The module `store` could be anybody's; `adapter` is all that it takes to annotate functions that work
//! on it.

use commit_on_success::{commit_on_success, defer};

use store::{Connection, Store, StoreError};

/// Sells what can be had; if that is nothing, it fails and leaves nothing.
#[commit_on_success(conn)]
fn place_order(number: u32, conn: &mut Connection, paintings: &[&str]) -> Result<(), StoreError> {
    let order = format!("order {number}");
    conn.insert(&order, "placed")?;
    let mut sold = 0;
    for painting in paintings {
        match sell(conn, painting, &order) {
            Ok(()) => sold += 1,
            Err(error) => println!("  {error}"),
        }
    }
    if sold == 0 {
        return Err(StoreError::Missing("painting to sell".to_owned()));
    }
    defer!(move || println!("  {order} is confirmed"));
    Ok(())
}

/// A savepoint: if it fails, its row and its deferred call go, and nothing else.
#[commit_on_success]
fn sell(conn: &mut Connection, painting: &str, order: &str) -> Result<(), StoreError> {
    let (wrapped, label) = (painting.to_owned(), order.to_owned());
    defer!(move || println!("  {wrapped} is wrapped for {label}"));
    conn.insert(&format!("{order}, {painting}"), "sold")?;
    conn.remove(painting)
}

fn main() -> Result<(), StoreError> {
    let store = Store::default();
    let mut conn = store.connect();
    for painting in ["lilies", "stars", "sunset"] {
        conn.insert(painting, "for sale")?;
    }
    let orders = [&["lilies", "sunset"][..], &["sunset", "stars"], &["lilies"]];
    for (number, paintings) in (1..).zip(orders) {
        println!("order {number}: {}", paintings.join(", "));
        match place_order(number, &mut conn, paintings) {
            Ok(()) => println!("  committed"),
            Err(error) => println!("  rolled back: {error}"),
        }
    }
    println!("stored: {:?}", store.connect().rows());
    Ok(())
}

/// Texts by name. A transaction works on a copy, and its commit is refused if somebody else has
/// committed anything in the meantime.
pub(crate) mod store {
    use std::collections::BTreeMap;
    use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

    pub(crate) type Rows = BTreeMap<String, String>;

    #[derive(Clone, Debug, Default)]
    pub(crate) struct Store(Arc<Mutex<Committed>>);

    #[derive(Debug, Default)]
    struct Committed {
        commits: u64,
        rows: Rows,
    }

    #[derive(Debug)]
    pub(crate) struct Connection {
        store: Store,
        open: Option<Open>,
    }

    /// An open transaction.
    #[derive(Debug)]
    struct Open {
        commits_before: u64,
        rows: Rows,
        savepoints: Vec<(String, Rows)>,
    }

    #[derive(Debug, thiserror::Error)]
    pub(crate) enum StoreError {
        #[error("{0} is there already")]
        Duplicate(String),
        #[error("there is no {0}")]
        Missing(String),
        #[error("somebody else was faster")]
        Conflict,
        /// The error of a transaction itself, which annotated functions need a variant for.
        #[error("the transaction failed")]
        Transaction(#[source] commit_on_success::Error),
    }

    impl Store {
        pub(crate) fn connect(&self) -> Connection {
            let store = self.clone();
            Connection { store, open: None }
        }

        fn lock(&self) -> MutexGuard<'_, Committed> {
            self.0.lock().unwrap_or_else(PoisonError::into_inner)
        }
    }

    impl Connection {
        pub(crate) fn rows(&self) -> Rows {
            match &self.open {
                Some(open) => open.rows.clone(),
                None => self.store.lock().rows.clone(),
            }
        }

        pub(crate) fn insert(&mut self, name: &str, text: &str) -> Result<(), StoreError> {
            self.write(|rows| {
                if rows.contains_key(name) {
                    return Err(StoreError::Duplicate(name.to_owned()));
                }
                rows.insert(name.to_owned(), text.to_owned());
                Ok(())
            })
        }

        pub(crate) fn remove(&mut self, name: &str) -> Result<(), StoreError> {
            self.write(|rows| {
                let removed = rows.remove(name).map(drop);
                removed.ok_or_else(|| StoreError::Missing(name.to_owned()))
            })
        }

        /// Outside of a transaction this is one of its own.
        fn write(
            &mut self,
            change: impl FnOnce(&mut Rows) -> Result<(), StoreError>,
        ) -> Result<(), StoreError> {
            if let Some(open) = &mut self.open {
                return change(&mut open.rows);
            }
            self.begin()?;
            let written = self.write(change).and_then(|()| self.commit());
            self.open = None;
            written
        }

        pub(crate) fn is_open(&self) -> bool {
            self.open.is_some()
        }

        pub(crate) fn begin(&mut self) -> Result<(), StoreError> {
            if self.is_open() {
                return Err(StoreError::Duplicate("a transaction".to_owned()));
            }
            let committed = self.store.lock();
            self.open = Some(Open {
                commits_before: committed.commits,
                rows: committed.rows.clone(),
                savepoints: Vec::new(),
            });
            Ok(())
        }

        /// Stores all rows of the transaction, or fails and leaves it open.
        pub(crate) fn commit(&mut self) -> Result<(), StoreError> {
            let open = self.open.as_mut().ok_or_else(not_open)?;
            let mut committed = self.store.lock();
            if committed.commits != open.commits_before {
                return Err(StoreError::Conflict);
            }
            committed.commits += 1;
            committed.rows = std::mem::take(&mut open.rows);
            drop(committed);
            self.open = None;
            Ok(())
        }

        pub(crate) fn rollback(&mut self) -> Result<(), StoreError> {
            self.open.take().map(drop).ok_or_else(not_open)
        }

        pub(crate) fn savepoint(&mut self, name: &str) -> Result<(), StoreError> {
            let open = self.open.as_mut().ok_or_else(not_open)?;
            open.savepoints.push((name.to_owned(), open.rows.clone()));
            Ok(())
        }

        /// Forgets the savepoint and those after it, and keeps what was written since.
        pub(crate) fn release(&mut self, name: &str) -> Result<(), StoreError> {
            let open = self.open.as_mut().ok_or_else(not_open)?;
            let mut names = open.savepoints.iter().map(|(name, _)| name);
            let at = names.rposition(|known| known == name);
            open.savepoints.truncate(at.ok_or_else(not_open)?);
            Ok(())
        }

        /// Undoes what was written since the savepoint.
        pub(crate) fn rollback_to(&mut self, name: &str) -> Result<(), StoreError> {
            let open = self.open.as_mut().ok_or_else(not_open)?;
            let mut savepoints = open.savepoints.iter().rev();
            let found = savepoints.find(|(known, _)| known == name);
            open.rows = found.ok_or_else(not_open)?.1.clone();
            Ok(())
        }
    }

    fn not_open() -> StoreError {
        StoreError::Missing("open transaction".to_owned())
    }
}

/// The adapter: all that `commit_on_success` has to know of the store.
pub(crate) mod adapter {
    use std::ops::DerefMut;
    use std::sync::MutexGuard;

    use commit_on_success::{
        Begin, BoxError, CommitError, ConnectionId, Error, Isolation, Options, RollbackError,
        Savepoint, Session, Transaction, TransactionStatus, Unsupported,
    };

    use super::store::{Connection, StoreError};

    /// Marks the sources of the store.
    #[derive(Debug)]
    pub(crate) enum InMemory {}

    /// A transaction on a connection, and on what leads to it.
    #[derive(Debug)]
    pub(crate) struct StoreTransaction<P>(pub(crate) P);

    impl Begin<InMemory> for &mut Connection {
        type Transaction = StoreTransaction<Self>;

        fn acquire_session(self) -> Result<Self::Transaction, BoxError> {
            Ok(StoreTransaction(self))
        }
    }

    impl Begin<InMemory> for MutexGuard<'_, Connection> {
        type Transaction = StoreTransaction<Self>;

        fn acquire_session(self) -> Result<Self::Transaction, BoxError> {
            Ok(StoreTransaction(self))
        }
    }

    impl<P: DerefMut<Target = Connection>> Session for StoreTransaction<P> {
        type Handle<'t>
            = &'t mut Connection
        where
            P: 't;

        fn handle(&mut self) -> &mut Connection {
            &mut self.0
        }

        fn connection_id(&mut self) -> ConnectionId {
            ConnectionId::of::<Connection>(&self.0)
        }

        fn status(&mut self) -> TransactionStatus {
            if self.0.is_open() {
                TransactionStatus::Open
            } else {
                TransactionStatus::Idle
            }
        }

        /// A guard gives the connection back; dropping a reference does nothing.
        fn owns_connection(&self) -> bool {
            std::mem::needs_drop::<P>()
        }

        fn driver(&self) -> &'static str {
            "in-memory"
        }

        fn is_transient(&self, error: &(dyn std::error::Error + 'static)) -> bool {
            std::iter::successors(Some(error), |error| error.source())
                .filter_map(|error| error.downcast_ref())
                .any(|error| matches!(error, StoreError::Conflict))
        }
    }

    impl<P: DerefMut<Target = Connection>> Transaction for StoreTransaction<P> {
        fn begin(&mut self, options: &Options) -> Result<(), BoxError> {
            let snapshot = [None, Some(Isolation::RepeatableRead)].contains(&options.isolation);
            for (option, asked) in [
                ("isolation", !snapshot),
                ("read_only", options.read_only),
                ("deferrable", options.deferrable),
                ("settle", options.settle),
                ("mode", options.mode.is_some()),
            ] {
                if asked {
                    return Err(Unsupported::new("the store", option).into());
                }
            }
            Ok(self.0.begin()?)
        }

        fn commit(&mut self) -> Result<(), CommitError> {
            if !self.0.is_open() {
                return Err(CommitError::Ended);
            }
            self.0
                .commit()
                .map_err(|conflict| CommitError::Refused(conflict.into()))
        }

        fn rollback(&mut self) -> Result<(), RollbackError> {
            self.0.rollback().map_err(|_| RollbackError::Ended)
        }

        fn savepoint(&mut self, savepoint: &Savepoint) -> Result<(), BoxError> {
            Ok(self.0.savepoint(&savepoint.name())?)
        }

        fn release(&mut self, savepoint: &Savepoint) -> Result<(), CommitError> {
            self.0
                .release(&savepoint.name())
                .map_err(|_| CommitError::Ended)
        }

        fn rollback_to(&mut self, savepoint: &Savepoint) -> Result<(), RollbackError> {
            let undone = self.0.rollback_to(&savepoint.name());
            undone
                .and_then(|()| self.0.release(&savepoint.name()))
                .map_err(|_| RollbackError::Ended)
        }
    }

    /// The store's own error where it tells the whole story.
    impl From<Error> for StoreError {
        fn from(error: Error) -> Self {
            error.into_driver_error().unwrap_or_else(Self::Transaction)
        }
    }
}

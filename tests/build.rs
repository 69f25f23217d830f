//! Derives the sync form of the contract suite from its async form, for the sync driver.
//!
//! The suite is written once, in `contract/`; this takes out what makes it async. Lines stay where
//! they are, so that a failure points at the same line of both forms.

use std::path::{self, Path, PathBuf};
use std::{env, fs, io};

/// What the sync form leaves out or spells differently.
const REWRITES: [(&str, &str); 5] = [
    ("//!", "//"),
    ("async fn", "fn"),
    ("async |", "|"),
    (".await", ""),
    ("#[tokio::test]", "#[test]"),
];

// Input:  `#[tokio::test] async fn commits() { store(conn, 1).await?; }`
// Output: `#[test] fn commits() { store(conn, 1)?; }`
fn sync_form(text: &str) -> String {
    REWRITES
        .iter()
        .fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
}

/// What sea-orm spells differently: it lends connections by `&`, and generic code takes a connection as well as
/// the transaction on it. A comment on a module cannot be included.
const OF_SEA_ORM: [(&str, &str); 13] = [
    ("//!", "//"),
    // A pool would replace one that is broken.
    (
        "driver::execute(&mut conn, LEAVE).await.unwrap_err()",
        "conn.close_by_ref().await.unwrap()",
    ),
    ("&mut Connection", "&impl driver::Source"),
    ("&mut conn", "&conn"),
    ("&mut *conn", "&*conn"),
    ("&mut self.conn", "&self.conn"),
    ("&mut shelf.conn", "&shelf.conn"),
    ("&mut reader", "&reader"),
    ("&mut next", "&next"),
    ("&mut other", "&other"),
    ("&mut db.connect", "&db.connect"),
    ("&mut driver::Pooled", "&driver::Pooled"),
    ("ByHand<'_, '_>", "ByHand<'_>"),
];

// Input:  `async fn store(conn: &mut Connection) { driver::insert(conn, 1).await?; }`
// Output: `async fn store(conn: &impl driver::Source) { driver::insert(conn, 1).await?; }`
fn sea_orm_form(text: &str) -> String {
    OF_SEA_ORM
        .iter()
        .fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
}

/// What sea-orm runs beside the suite.
const ALSO_OF_SEA_ORM: [&str; 7] = [
    "contract/asynchronous/cancellation.rs",
    "contract/asynchronous/tasks.rs",
    "contract/only/mariadb.rs",
    "contract/only/postgres.rs",
    "contract/only/postgres_limits.rs",
    "contract/only/postgres_options.rs",
    "contract/wire.rs",
];

/// The words that diesel-async spells differently: it has no guard of a transaction to drop, and not every connection to a
/// database outlives a future that was dropped on it.
const OF_DIESEL_ASYNC: [(&str, &str); 4] = [
    ("//!", "//"),
    (
        "drop(by_hand);",
        "driver::roll_back_by_hand(by_hand).await;",
    ),
    (
        "Some(&Payload(7)));",
        "Some(&Payload(7))); let mut conn = driver::after_cancellation(conn, &db).await;",
    ),
    (
        "store_on(&mut conn, 2,",
        "store_on(&mut driver::after_cancellation(conn, &db).await, 2,",
    ),
];

// Input:  `drop(by_hand);`
// Output: `driver::roll_back_by_hand(by_hand).await;`
fn diesel_async_form(text: &str) -> String {
    OF_DIESEL_ASYNC
        .iter()
        .fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
}

/// The tests that diesel-async runs beside the suite, in this form.
const ALSO_OF_DIESEL_ASYNC: &str = "contract/asynchronous/cancellation.rs";

/// What belongs to a database, and has a sync form as well.
const OF_DATABASES: [&str; 10] = [
    "contract/only/diesel.rs",
    "contract/only/diesel_mysql.rs",
    "contract/only/diesel_owned.rs",
    "contract/only/diesel_postgres.rs",
    "contract/only/diesel_savepoints.rs",
    "contract/only/diesel_sqlite.rs",
    "contract/only/left_behind.rs",
    "contract/only/postgres.rs",
    "contract/only/postgres_limits.rs",
    "contract/only/postgres_options.rs",
];

pub(crate) fn main() -> io::Result<()> {
    let source = Path::new("contract/suite");
    let target = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
    watch(source)?;
    for entry in fs::read_dir(source)? {
        let file = entry?.path();
        derive(&file, &target.join("suite"), sync_form)?;
        derive(&file, &target.join("sea_orm/suite"), sea_orm_form)?;
        derive(&file, &target.join("diesel_async/suite"), diesel_async_form)?;
    }
    watch(Path::new(ALSO_OF_DIESEL_ASYNC))?;
    derive(
        Path::new(ALSO_OF_DIESEL_ASYNC),
        &target.join("diesel_async"),
        diesel_async_form,
    )?;
    for file in ALSO_OF_SEA_ORM {
        watch(Path::new(file))?;
        derive(Path::new(file), &target.join("sea_orm"), sea_orm_form)?;
    }
    for file in OF_DATABASES {
        watch(Path::new(file))?;
        derive(Path::new(file), &target.join("only"), sync_form)?;
    }
    Ok(())
}

/// From wherever it is run.
fn watch(file: &Path) -> io::Result<()> {
    println!(
        "cargo::rerun-if-changed={}",
        path::absolute(file)?.display()
    );
    Ok(())
}

fn derive(file: &Path, target: &Path, form: fn(&str) -> String) -> io::Result<()> {
    let text = fs::read_to_string(file)?;
    fs::create_dir_all(target)?;
    let target = target.join(file.file_name().unwrap_or_default());
    fs::write(target, form(&text))
}

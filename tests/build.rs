//! Derives the sync form of the contract suite from its async form, for the sync driver.
//!
//! The suite is written once, in `contract/`; this takes out what makes it async. Lines stay where
//! they are, so that a failure points at the same line of both forms.

use std::path::{self, Path, PathBuf};
use std::{env, fs, io};

/// The words of async code that the sync form leaves out or spells differently.
const SYNC: Form = Form(&[SYNC_WORDS, &[("async |", "|")]]);
const SYNC_WORDS: Rules = &[("//!", "//"), ("async fn", "fn"), (".await", "")];
// Input:  `async fn commits() { store(conn, 1).await?; }`
// Output: `fn commits() { store(conn, 1)?; }`

/// The spelling of sea-orm, which lends connections by `&`, and where generic code takes a connection as well as
/// the transaction on it. A comment on a module cannot be included.
const SEA_ORM: Form = Form(&[&[
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
]]);
// Input:  `async fn store(conn: &mut Connection) { driver::insert(conn, 1).await?; }`
// Output: `async fn store(conn: &impl driver::Source) { driver::insert(conn, 1).await?; }`

/// The files that sea-orm runs beside the suite.
const ALSO_OF_SEA_ORM: [&str; 11] = [
    "contract/asynchronous/cancellation.rs",
    "contract/asynchronous/given_up.rs",
    "contract/asynchronous/tasks.rs",
    "contract/only/deferred_constraints.rs",
    "contract/only/ended_session.rs",
    "contract/only/hidden_cause.rs",
    "contract/only/mariadb.rs",
    "contract/only/postgres.rs",
    "contract/only/postgres_limits.rs",
    "contract/only/postgres_options.rs",
    "contract/wire.rs",
];

/// The spelling of diesel-async, which has no guard of a transaction to drop, and where not every connection to a
/// database outlives a future that was dropped on it.
const DIESEL_ASYNC: Form = Form(&[&[
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
]]);
// Input:  `drop(by_hand);`
// Output: `driver::roll_back_by_hand(by_hand).await;`

/// The file that diesel-async runs beside the suite, in this form.
const ALSO_OF_DIESEL_ASYNC: [&str; 1] = ["contract/asynchronous/cancellation.rs"];

/// The spelling of code that is given the handle of a pool, and passes that on instead of a connection. A handle begins its
/// transactions itself, so nothing of it is in one that was begun by hand.
const HANDLE: Form = Form(&[&[("//!", "//")], HANDLE_WORDS, ASYNC_HANDLE_WORDS]);
const HANDLE_WORDS: Rules = &[
    ("mod foreign;\n", ""),
    ("mod model_by_hand;\n", ""),
    (
        "super::model_by_hand::run(db, &world, program)",
        "unreachable!(\"by hand\")",
    ),
    ("crate::driver", "crate::by_handle::driver"),
    ("subject()", "driver::subject()"),
    ("observed(\"", "observed(\"by_handle::"),
    ("let only = driver::take(", "let only = driver::hold("),
    ("&mut Connection", "&Connection"),
    ("&mut driver::Pooled", "&driver::Pooled"),
    ("&mut conn", "&conn"),
    ("&mut *conn", "&*conn"),
    ("&mut self.conn", "&self.conn"),
    ("&mut shelf.conn", "&shelf.conn"),
    ("&mut reader", "&reader"),
];
const ASYNC_HANDLE_WORDS: Rules = &[
    (
        "unreachable!(\"by hand\").await",
        "unreachable!(\"by hand\")",
    ),
    ("&mut other", "&other"),
    // A pool would replace one that is broken.
    (
        "driver::execute(&conn, LEAVE).await.unwrap_err()",
        "driver::close(&conn).await",
    ),
    ("&mut next", "&next"),
    ("&mut db.connect", "&db.connect"),
    (
        "#[crate::by_handle::driver::test]\nasync fn in_a_transaction_of_a_test_a_check_leaves",
        "#[expect(dead_code, reason = \"asks the driver alone\")]\nasync fn in_a_transaction_of_a_test_a_check_leaves",
    ),
    (
        "#[crate::by_handle::driver::test]\nasync fn a_block_inside_a_transaction_in_plain_sql_is_refused",
        "#[expect(dead_code, reason = \"a pool rolls it back\")]\nasync fn a_block_inside_a_transaction_in_plain_sql_is_refused",
    ),
];
// Input:  `async fn store(conn: &mut Connection) { crate::driver::insert(conn, 1).await?; }`
// Output: `async fn store(conn: &Connection) { crate::by_handle::driver::insert(conn, 1).await?; }`

/// The files that handles run beside the suite.
const ALSO_OF_HANDLES: [&str; 10] = [
    "contract/asynchronous/cancellation.rs",
    "contract/asynchronous/tasks.rs",
    "contract/only/deferred_constraints.rs",
    "contract/only/ended_session.rs",
    "contract/only/hidden_cause.rs",
    "contract/only/left_behind.rs",
    "contract/only/mariadb.rs",
    "contract/only/postgres.rs",
    "contract/only/postgres_options.rs",
    "contract/wire.rs",
];

/// The same for rusqlite, whose blocks see the connection instead of the handle that they were given, and here go on with the handle.
const SYNC_HANDLE: Form = Form(&[SYNC_WORDS, HANDLE_WORDS, SYNC_HANDLE_WORDS]);
const SYNC_HANDLE_WORDS: Rules = &[
    ("#[commit_on_success]", "#[commit_on_success(tx = conn)]"),
    (
        "#[commit_on_success(propagation",
        "#[commit_on_success(tx = conn, propagation",
    ),
    // Two functions of one name.
    (
        "fn store(conn: &driver::Pooled, id",
        "fn store(pool: &driver::Pooled, id",
    ),
    (
        "#[commit_on_success(tx = conn)]\n    fn store(pool:",
        "#[commit_on_success(tx = pool)]\n    fn store(pool:",
    ),
    (
        "#[commit_on_success(tx = conn)]\n    fn store(conn: driver::Pooled, id",
        "#[commit_on_success(tx = &pool)]\n    fn store(pool: driver::Pooled, id",
    ),
    ("inner(tx, id, journal)", "inner(&pool, id, journal)"),
    ("inner(tx, 50, journal)", "inner(&pool, 50, journal)"),
    ("store(tx, ", "store(pool, "),
    ("steps(tx, world", "steps(&world.pool, world"),
    ("panic(tx)", "panic(pool)"),
];
// Input:  `#[commit_on_success] async fn nests(conn: &mut Connection) { store(conn, 1).await?; }`
// Output: `#[commit_on_success(tx = conn)] fn nests(conn: &Connection) { store(conn, 1)?; }`

/// The files that belong to a database, and have a sync form as well.
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
    let target = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
    let source = Path::new("contract/suite");
    watch(source)?;
    let mut suite = Vec::new();
    for entry in fs::read_dir(source)? {
        suite.push(entry?.path());
    }
    let into_suite = |form: &str| {
        let target = target.join(form).join("suite");
        let of_suite = suite.iter().cloned();
        of_suite.map(move |file| (file, target.clone()))
    };
    let also = |files: &[&str], form: &str| {
        let target = target.join(form);
        let files: Vec<_> = files.iter().map(PathBuf::from).collect();
        files.into_iter().map(move |file| (file, target.clone()))
    };
    SYNC.derive(into_suite("").chain(also(&OF_DATABASES, "only")))?;
    SEA_ORM.derive(into_suite("sea_orm").chain(also(&ALSO_OF_SEA_ORM, "sea_orm")))?;
    let of_handles = also(&ALSO_OF_HANDLES, "handle");
    HANDLE.derive(into_suite("handle").chain(of_handles))?;
    SYNC_HANDLE.derive(into_suite("sync_handle"))?;
    let of_diesel_async = also(&ALSO_OF_DIESEL_ASYNC, "diesel_async");
    DIESEL_ASYNC.derive(into_suite("diesel_async").chain(of_diesel_async))
}

/// Tells cargo of a file by its whole path, from wherever this is run.
fn watch(file: &Path) -> io::Result<()> {
    println!(
        "cargo::rerun-if-changed={}",
        path::absolute(file)?.display()
    );
    Ok(())
}

/// What is replaced, and by what.
type Rules = &'static [(&'static str, &'static str)];

/// The rules by which one form of the suite is made of the other, in the order in which they are applied.
struct Form(&'static [Rules]);

impl Form {
    /// Writes the derived form of each file into its folder.
    fn derive(&self, files: impl Iterator<Item = (PathBuf, PathBuf)>) -> io::Result<()> {
        let mut matched = vec![0; self.rules().count()];
        for (file, folder) in files {
            watch(&file)?;
            let text = read(&file)?;
            let derived = self.apply(&text, &mut matched);
            fs::create_dir_all(&folder)?;
            fs::write(folder.join(file.file_name().unwrap_or_default()), derived)?;
        }
        self.check(&matched)
    }

    fn rules(&self) -> impl Iterator<Item = &'static (&'static str, &'static str)> {
        self.0.iter().copied().flatten()
    }

    /// Counts where each rule matches.
    fn apply(&self, text: &str, matched: &mut [usize]) -> String {
        let rules = self.rules().zip(matched);
        rules.fold(text.to_owned(), |text, ((from, to), matched)| {
            *matched += text.matches(from).count();
            text.replace(from, to)
        })
    }

    /// A rule that matches nothing was right once: without it, a check may be lost that nobody misses.
    fn check(&self, matched: &[usize]) -> io::Result<()> {
        let rules = self.rules().zip(matched);
        let idle: Vec<_> = rules
            .filter(|(_, matched)| **matched == 0)
            .map(|((from, _), _)| format!("`{from}`"))
            .collect();
        if idle.is_empty() {
            return Ok(());
        }
        let message = format!("nothing in the suite matches {}", idle.join(", "));
        Err(io::Error::other(message))
    }
}

/// The text of a file; an error names it.
fn read(file: &Path) -> io::Result<String> {
    let named = |error| io::Error::other(format!("{}: {error}", file.display()));
    fs::read_to_string(file).map_err(named)
}

#[cfg(test)]
mod tests {
    use super::{DIESEL_ASYNC, Form, HANDLE, SEA_ORM, SYNC, SYNC_HANDLE, read};
    use std::path::{Path, PathBuf};

    const FORM: Form = Form(&[&[("&mut conn", "&conn"), ("drop(by_hand)", "end(by_hand)")]]);

    #[test]
    fn a_form_is_spelled_by_its_rules_in_order() {
        let mut matched = [0; 4];
        let text = "async fn commits() { store(conn, 1).await?; }";
        let derived = SYNC.apply(text, &mut matched);
        assert_eq!(derived, "fn commits() { store(conn, 1)?; }");
        assert_eq!(matched, [0, 1, 1, 0]);
    }

    #[test]
    fn the_examples_of_the_other_forms_are_right() {
        let text = "async fn store(conn: &mut Connection) {}";
        let derived = SEA_ORM.apply(text, &mut [0; 13]);
        assert_eq!(derived, "async fn store(conn: &impl driver::Source) {}");
        let derived = HANDLE.apply(
            "async fn store(conn: &mut Connection) { crate::driver::insert(conn, 1).await?; }",
            &mut [0; 22],
        );
        let expected = "async fn store(conn: &Connection) { crate::by_handle::driver::insert(conn, 1).await?; }";
        assert_eq!(derived, expected);
        let derived = SYNC_HANDLE.apply(
            "#[commit_on_success] async fn nests(conn: &mut Connection) { store(conn, 1).await?; }",
            &mut [0; 27],
        );
        let expected =
            "#[commit_on_success(tx = conn)] fn nests(conn: &Connection) { store(conn, 1)?; }";
        assert_eq!(derived, expected);
        let derived = DIESEL_ASYNC.apply("drop(by_hand);", &mut [0; 4]);
        assert_eq!(derived, "driver::roll_back_by_hand(by_hand).await;");
    }

    #[test]
    fn a_rule_that_matches_in_one_file_of_many_is_fine() {
        let mut matched = [0; 2];
        FORM.apply("store(&mut conn)", &mut matched);
        FORM.apply("drop(by_hand)", &mut matched);
        assert!(FORM.check(&matched).is_ok());
    }

    #[test]
    fn a_rule_that_matches_nothing_is_an_error_that_names_it() {
        let mut matched = [0; 2];
        FORM.apply("store(&mut conn)", &mut matched);
        let error = FORM.check(&matched).map_err(|error| error.to_string());
        let message = "nothing in the suite matches `drop(by_hand)`".to_owned();
        assert_eq!(error, Err(message));
    }

    #[test]
    fn a_file_that_is_listed_and_does_not_exist_is_an_error_that_names_it() {
        let error = read(Path::new("contract/nothing.rs")).map_err(|error| error.to_string());
        assert!(error.is_err_and(|error| error.starts_with("contract/nothing.rs: ")));
        let nothing = (PathBuf::from("contract/nothing.rs"), PathBuf::new());
        assert!(FORM.derive(std::iter::once(nothing)).is_err());
    }
}

//! Type, const and lifetime parameters, `where`, borrowed results, `impl Trait` on both sides.
#![deny(warnings)]

use std::fmt::Display;

use commit_on_success::commit_on_success;
use commit_on_success_ui_tests::{AsyncConnection, Connection, DbError, block_on};

#[commit_on_success]
fn rename<T, const N: usize>(conn: &mut Connection, titles: [T; N]) -> Result<[T; N], DbError>
where
    T: Display,
{
    for title in &titles {
        conn.execute(&title.to_string())?;
    }
    Ok(titles)
}

#[commit_on_success]
fn longest<'t>(conn: &mut Connection, left: &'t str, right: &'t str) -> Result<&'t str, DbError> {
    conn.execute("SELECT")?;
    Ok(if left.len() > right.len() {
        left
    } else {
        right
    })
}

#[commit_on_success]
fn trimmed<'t>(conn: &mut Connection, title: &'t mut String) -> Result<&'t mut String, DbError> {
    conn.execute("SELECT")?;
    title.truncate(1);
    Ok(title)
}

#[commit_on_success(conn)]
fn each(
    titles: impl IntoIterator<Item = String>,
    conn: &mut Connection,
) -> Result<impl Iterator<Item = usize>, DbError> {
    conn.execute("SELECT")?;
    let lengths: Vec<_> = titles.into_iter().map(|title| title.len()).collect();
    Ok(lengths.into_iter())
}

#[commit_on_success]
async fn each_async<'t>(
    conn: &mut AsyncConnection,
    titles: &'t [String],
) -> Result<impl Iterator<Item = &'t str>, DbError> {
    conn.execute("SELECT").await?;
    Ok(titles.iter().map(String::as_str))
}

fn main() {
    let mut conn = Connection::default();
    assert_eq!(rename(&mut conn, ["a", "b"]).unwrap(), ["a", "b"]);
    assert_eq!(longest(&mut conn, "a", "bc").unwrap(), "bc");
    assert_eq!(
        each([String::from("abc")], &mut conn).unwrap().next(),
        Some(3)
    );
    let titles = [String::from("a")];
    let mut conn = AsyncConnection::default();
    let mut found = block_on(each_async(&mut conn, &titles)).unwrap();
    assert_eq!(found.next(), Some("a"));
    let mut title = String::from("abc");
    trimmed_of(&mut title);
    assert_eq!(title, "a!");
}

fn trimmed_of(title: &mut String) {
    let mut conn = Connection::default();
    trimmed(&mut conn, title).unwrap().push('!');
}

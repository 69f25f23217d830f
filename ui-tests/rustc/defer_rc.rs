use std::rc::Rc;

use commit_on_success::{commit_on_success, defer};
use rusqlite::{Connection, Result};

fn index(_title: Rc<str>) {}

#[commit_on_success]
fn rename(conn: &mut Connection, title: &str) -> Result<()> {
    let title: Rc<str> = title.into();
    conn.execute("UPDATE object SET title = ?1", [&title])?;
    defer!(index(title));
    Ok(())
}

fn main() {}

use commit_on_success::transaction;
use rusqlite::{Connection, Error, Result};

fn rename(conn: &mut Connection, ids: &[i64]) -> Result<()> {
    for id in ids {
        let renamed: Result<(), Error> = transaction!(tx = &mut *conn => {
            if tx.execute("UPDATE object SET title = ?1", [id])? == 0 {
                break;
            }
            Ok(())
        });
        renamed?;
    }
    Ok(())
}

fn main() {}

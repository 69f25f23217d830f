use commit_on_success::{commit_on_success, defer};
use rusqlite::{Connection, Result};

struct Objects;

impl Objects {
    fn index(&self, _id: i64) {}

    #[commit_on_success]
    fn rename(&self, conn: &mut Connection, id: i64) -> Result<()> {
        defer!(self.index(id));
        conn.execute("UPDATE object SET title = ''", [])?;
        Ok(())
    }
}

fn main() {}

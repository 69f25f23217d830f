use commit_on_success::commit_on_success;
use rusqlite::{Connection, Result};

struct Objects {
    conn: Connection,
}

impl Objects {
    #[commit_on_success(tx = self.conn)]
    fn rename(&mut self) -> Result<usize> {
        tx.execute("UPDATE object SET title = ''", [])
    }
}

fn main() {}

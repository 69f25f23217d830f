use commit_on_success::commit_on_success;
use commit_on_success_ui_tests::{Connection, DbError};

struct Objects {
    conn: Connection,
}

impl Objects {
    #[commit_on_success(&mut self.conn)]
    fn rename(&mut self) -> Result<usize, DbError> {
        self.conn.execute("UPDATE")
    }
}

fn main() {
    let conn = Connection::default();
    let _ = Objects { conn }.rename();
}

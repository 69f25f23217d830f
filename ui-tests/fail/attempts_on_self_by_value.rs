use commit_on_success::commit_on_success;
use commit_on_success_ui_tests::{Connection, DbError};

struct Objects;

impl Objects {
    #[commit_on_success(attempts = 3)]
    pub fn rename(self, conn: &mut Connection) -> Result<usize, DbError> {
        conn.execute("UPDATE")
    }
}

fn main() {}

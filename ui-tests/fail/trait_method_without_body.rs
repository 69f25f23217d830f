use commit_on_success::commit_on_success;
use commit_on_success_ui_tests::{Connection, DbError};

trait Titles {
    #[commit_on_success]
    fn rename(&self, conn: &mut Connection) -> Result<usize, DbError>;
}

struct Objects;

impl Titles for Objects {
    fn rename(&self, conn: &mut Connection) -> Result<usize, DbError> {
        conn.execute("UPDATE")
    }
}

fn main() {
    let _ = Objects.rename(&mut Connection::default());
}

use commit_on_success::commit_on_success;
use commit_on_success_ui_tests::{Connection, DbError};

struct Objects;

#[commit_on_success]
impl Objects {
    fn rename(&self, conn: &mut Connection) -> Result<usize, DbError> {
        conn.execute("UPDATE")
    }
}

fn main() {
    let _ = Objects.rename(&mut Connection::default());
}

use commit_on_success::commit_on_success;
use commit_on_success_ui_tests::{Connection, DbError};

#[commit_on_success(from, to)]
fn copy(from: &mut Connection, to: &mut Connection) -> Result<usize, DbError> {
    from.execute("SELECT")?;
    to.execute("INSERT")
}

fn main() {
    let _ = copy(&mut Connection::default(), &mut Connection::default());
}

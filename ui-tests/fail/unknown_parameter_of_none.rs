use commit_on_success::commit_on_success;
use commit_on_success_ui_tests::{DbError, Pool};

#[commit_on_success(conn)]
fn count() -> Result<usize, DbError> {
    Pool::default().get()?.execute("SELECT")
}

fn main() {
    let _ = count();
}

use commit_on_success::commit_on_success;
use commit_on_success_ui_tests::{DbError, Pool};

#[commit_on_success(tx = _)]
fn rename(pool: &Pool) -> Result<usize, DbError> {
    tx.execute("UPDATE")
}

fn main() {
    let _ = rename(&Pool::default());
}

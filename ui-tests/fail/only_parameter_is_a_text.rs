use commit_on_success::commit_on_success;
use commit_on_success_ui_tests::DbError;

#[commit_on_success]
fn rename(title: &str) -> Result<usize, DbError> {
    Ok(title.len())
}

fn main() {}

use commit_on_success::commit_on_success;
use commit_on_success_ui_tests::Connection;

#[commit_on_success]
fn rename<E>(conn: &mut Connection) -> Result<(), E> {
    conn.execute("UPDATE").ok();
    Ok(())
}

fn main() {}

use commit_on_success::commit_on_success;
use commit_on_success_ui_tests::Connection;

#[commit_on_success]
fn rename(conn: &mut Connection) -> Option<usize> {
    conn.execute("UPDATE").ok()
}

fn main() {
    let _ = rename(&mut Connection::default());
}

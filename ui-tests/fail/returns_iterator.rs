use commit_on_success::commit_on_success;
use commit_on_success_ui_tests::Connection;

#[commit_on_success]
fn rename(conn: &mut Connection) -> impl Iterator<Item = usize> {
    conn.execute("UPDATE").into_iter()
}

fn main() {
    let _ = rename(&mut Connection::default());
}

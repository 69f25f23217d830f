use commit_on_success::commit_on_success;
use commit_on_success_ui_tests::Connection;

#[commit_on_success]
fn rename(conn: &mut Connection) -> Vec<bool> {
    vec![conn.execute("UPDATE").is_ok()]
}

fn main() {
    let _ = rename(&mut Connection::default());
}

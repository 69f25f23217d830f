use commit_on_success::commit_on_success;
use commit_on_success_ui_tests::Connection;

#[commit_on_success]
fn rename(conn: &mut Connection) -> i32 {
    conn.execute("UPDATE").map_or(-1, |_| 1)
}

fn main() {
    let _ = rename(&mut Connection::default());
}

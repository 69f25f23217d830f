use commit_on_success::commit_on_success;
use commit_on_success_ui_tests::Connection;

#[commit_on_success]
fn rename(conn: &mut Connection) -> &'static str {
    conn.execute("UPDATE").map_or("no", |_| "yes")
}

fn main() {
    let _ = rename(&mut Connection::default());
}

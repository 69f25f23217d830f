use commit_on_success::commit_on_success;
use commit_on_success_ui_tests::Connection;

#[commit_on_success]
fn rename(conn: &mut Connection) -> ! {
    let _ = conn.execute("UPDATE");
    std::process::exit(0)
}

fn main() {
    let _ = rename(&mut Connection::default());
}

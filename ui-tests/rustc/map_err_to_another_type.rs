use commit_on_success::commit_on_success;
use commit_on_success_ui_tests::Connection;

#[commit_on_success(map_err = to_text)]
fn rename(conn: &mut Connection) -> Result<(), (u16, String)> {
    conn.execute("UPDATE").ok();
    Ok(())
}

fn to_text(error: commit_on_success::Error) -> String {
    error.to_string()
}

fn main() {}

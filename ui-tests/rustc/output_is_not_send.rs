use std::rc::Rc;

use commit_on_success::commit_on_success;
use commit_on_success_ui_tests::{AsyncConnection, DbError};

#[commit_on_success]
async fn rename(conn: &mut AsyncConnection) -> Result<Rc<str>, DbError> {
    conn.execute("UPDATE").await?;
    Ok(Rc::from("renamed"))
}

fn spawn(future: impl Future<Output: Sized> + Send) {
    drop(future);
}

fn main() {
    spawn(async { rename(&mut AsyncConnection::default()).await.is_ok() });
}

use commit_on_success::commit_on_success;
use commit_on_success_ui_tests::{AsyncConnection, DbError};

struct Order;

#[commit_on_success]
async fn place(order: Order, conn: &mut AsyncConnection) -> Result<usize, DbError> {
    conn.execute("INSERT").await
}

fn main() {}

use commit_on_success::{commit_on_success, defer};
use commit_on_success_ui_tests::{Connection, DbError};

struct Cart {
    email: String,
}

#[commit_on_success]
fn check_out(conn: &mut Connection, cart: Cart) -> Result<usize, DbError> {
    defer!(confirm(&cart.email));
    conn.execute("INSERT")
}

fn confirm(email: &str) {
    println!("confirmed to {email}");
}

fn main() {}

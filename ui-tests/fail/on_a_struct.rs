use commit_on_success::commit_on_success;

#[commit_on_success]
pub struct Object {
    pub id: i64,
}

fn main() {
    let _ = Object { id: 1 };
}

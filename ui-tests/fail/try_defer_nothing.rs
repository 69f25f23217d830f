use commit_on_success::try_defer;

fn index(_id: i64) {}

fn main() {
    let _ = try_defer!();
    index(1);
}

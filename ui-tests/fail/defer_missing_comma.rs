use commit_on_success::defer;

fn index(_id: i64) {}

fn main() {
    defer!(index, 1 2);
    index(1);
}

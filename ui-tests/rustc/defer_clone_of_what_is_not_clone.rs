use commit_on_success::defer;

struct Order;

fn main() {
    let order = Order;
    defer!(clone(order) => drop(order));
}

use commit_on_success::{defer, try_defer};

struct Order {
    id: i64,
}

fn send(_id: i64) {}

fn print<T: std::fmt::Display>(_value: T) {}

async fn index(_id: i64, _again: bool) {}

fn doubled<T: Clone>(value: T) -> T {
    value.clone()
}

async fn place(order: Order) {
    defer!(send(order.));
    defer!(send(doubled(order.)));
    defer!(print(order.id.));
    defer!(robust => send, order.);
    defer!(index(order., true).await);
    try_defer!(send(order.));
}

fn main() {}

use commit_on_success::{defer, try_defer};

struct Id(i64);

fn index(id: i64) {
    println!("{id}");
}

async fn send(id: i64) {
    println!("{id}");
}

fn borrowed(name: &str) {
    defer!(key = name => index(7));
}

fn local() {
    let name = String::from("Ann");
    let _ = try_defer!(key = &name => index(7));
    let _ = try_defer!(key = name => index(7));
}

async fn not_sent() {
    defer!(key = std::rc::Rc::new(7) => send(7).await);
}

fn main() {
    defer!(key = 1.5 => index(7));
    defer!(key = Id(7) => index(7));
}

use commit_on_success::defer;

fn index(id: i64) {
    println!("{id}");
}

fn main() {
    let id = 7;
    defer!(robsut => index(id));
    defer!(robust = true => index(id));
    defer!(robust, robust => index(id));
    defer!(robust clone(id) => index(id));
    defer!(clone => index(id));
    defer!(clone(id.0) => index(id));
    defer!( => index(id));
    defer!(robust => );
    defer!(crate = commit_on_success, index(id));
    defer!(key => index(id));
    defer!(key = => index(id));
    defer!(key(id) => index(id));
    defer!(key = id, key = id => index(id));
}

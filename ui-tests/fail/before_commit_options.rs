use commit_on_success::before_commit;

fn flush(id: i64) {
    println!("{id}");
}

async fn send(id: i64) {
    println!("{id}");
}

fn main() {
    let id = 7;
    before_commit!(robust => flush(id));
    before_commit!(key = id => flush(id));
    before_commit!(clnoe(id) => flush(id));
    before_commit!( => flush(id));
    before_commit!(clone(id) => );
    before_commit!(7 => flush(id));
    before_commit!();
    before_commit!(return);
    before_commit!(flush(id)?);
    before_commit!(async { send(id).await });
    before_commit!(crate = commit_on_success, flush(id));
}

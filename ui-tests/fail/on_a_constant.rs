use commit_on_success::commit_on_success;

#[commit_on_success]
const LIMIT: usize = 10;

fn main() {
    let _ = LIMIT;
}

use commit_on_success::commit_on_success;

#[commit_on_success]
mod objects {
    pub fn count() -> usize {
        0
    }
}

fn main() {
    let _ = objects::count();
}

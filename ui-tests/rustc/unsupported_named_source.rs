use commit_on_success::commit_on_success;
use rusqlite::Result;

struct Objects;

#[commit_on_success(tx = objects)]
fn rename(objects: &Objects) -> Result<usize> {
    tx.execute("UPDATE object SET title = ''", [])
}

fn main() {}

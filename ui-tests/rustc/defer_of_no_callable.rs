use commit_on_success::defer;

// scenarios 74, 76
fn main() {
    let id = 7;
    let nothing: () = defer!(id);
    nothing
}

use commit_on_success::defer;

fn main() {
    let id = 7;
    let nothing: () = defer!(id);
    nothing
}

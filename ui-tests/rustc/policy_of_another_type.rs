use commit_on_success::outside;

// scenario 117
fn main() {
    outside::set("refuse");
}

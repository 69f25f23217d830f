use commit_on_success::outside;

fn main() {
    outside::set("refuse");
}

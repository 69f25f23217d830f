use commit_on_success::jobs::Job;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
struct Mail<'a> {
    address: &'a str,
}

impl Job for Mail<'_> {
    const KIND: &'static str = "mail";
}

fn main() {}

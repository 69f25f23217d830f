//! Derives the same forms of the contract suite.

#[path = "../build.rs"]
mod derived;

fn main() -> std::io::Result<()> {
    std::env::set_current_dir("..")?;
    derived::main()
}

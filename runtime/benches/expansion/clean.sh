# shellcheck shell=bash
#
# The crates whose clean builds `run` measures. Sourced by it.

# commit_on_success without features, and tracing with the attribute that it is compared with.
users=(commit_on_success tracing)

# Writes a package for each into a directory, and fetches what it depends on. Each is a workspace,
# so that neither is built with the features of the other.
write_users() {
    local directory=$1 root=$2 name
    for name in "${users[@]}"; do
        mkdir -p -- "$directory/$name/src"
        cp -- "$root/Cargo.lock" "$directory/$name/Cargo.lock"
        user_manifest "$name" "$root" >"$directory/$name/Cargo.toml"
        : >"$directory/$name/src/lib.rs"
        (cd -- "$directory/$name" && cargo fetch --quiet)
    done
}

user_manifest() {
    cat <<MANIFEST
[package]
name = "user-of-$1"
version = "0.1.0"
edition = "2024"

[workspace]

[dependencies]
$(dependency "$1" "$2")
MANIFEST
}

# Builds from nothing.
build_user() {
    local directory=$1/$2
    rm -rf -- "$directory/target"
    (cd -- "$directory" && CARGO_TARGET_DIR=$directory/target cargo build --quiet --offline)
}

# shellcheck shell=bash
#
# The crates of a thousand functions that `run` measures. Sourced by it.

readonly functions=1000

# Every crate, as `flavour-kind`. Those of a kind differ from each other in one line of a function.
#
#   plain        nothing above the function
#   attribute    #[commit_on_success]
#   instrument   #[tracing::instrument]
#   call         as plain, with a call of a function in place of one statement
#   defer        as attribute, with that call in `defer!`
names=(sync-{plain,attribute,instrument,call,defer} async-{plain,attribute,instrument})

# Writes a workspace with all the crates into a directory.
write_crates() {
    local directory=$1 root=$2 name
    mkdir -p -- "$directory"
    # The versions that the rest of the repository is built with.
    cp -- "$root/Cargo.lock" "$directory/Cargo.lock"
    printf '[workspace]\nmembers = ["*-*"]\nresolver = "3"\n' >"$directory/Cargo.toml"
    for name in "${names[@]}"; do
        mkdir -p -- "$directory/$name/src"
        manifest "$name" "$root" >"$directory/$name/Cargo.toml"
        crate "${name%-*}" "${name#*-}" >"$directory/$name/src/lib.rs"
    done
}

manifest() {
    cat <<END
[package]
name = "$1"
version = "0.1.0"
edition = "2024"

[dependencies]
$(dependency commit_on_success "$2")
$(dependency tracing "$2")
commit_on_success_bench_store = { path = "$2/runtime/benches/expansion/store" }
END
}

dependency() {
    case $1 in
        commit_on_success) printf '%s = { path = "%s/runtime" }' "$1" "$2" ;;
        tracing) printf '%s = { version = "0.1", default-features = false, features = ["std", "attributes"] }' "$1" ;;
    esac
}

crate() {
    local flavour=$1 kind=$2 attribute='' connection=Connection async='' wait='' statement number
    if [ "$flavour" = async ]; then
        connection=AsyncConnection async='async ' wait=.await
    fi
    case $kind in
        attribute | defer) attribute='#[commit_on_success]' ;;
        instrument) attribute='#[tracing::instrument]' ;;
    esac
    case $kind in
        call) statement="index(id, old)$wait;" ;;
        defer) statement="defer!(index(id, old)$wait);" ;;
        *) statement="conn.execute(\"INSERT INTO past VALUES (?1, ?2)\", &old, id)$wait?;" ;;
    esac
    imports "$kind" "$connection"
    printf 'pub %sfn index(_id: i64, _title: String) {}\n' "$async"
    for ((number = 1; number <= functions; number++)); do
        one_function
    done
}

imports() {
    printf 'use commit_on_success_bench_store::{AppError, %s};\n' "$2"
    case $1 in
        attribute) printf 'use commit_on_success::commit_on_success;\n' ;;
        defer) printf 'use commit_on_success::{commit_on_success, defer};\n' ;;
    esac
}

# Fifteen lines.
one_function() {
    cat <<END

$attribute
pub ${async}fn rename_$number(conn: &mut $connection, id: i64, title: &str) -> Result<usize, AppError> {
    let title = title.trim();
    if title.is_empty() {
        return Err(AppError::Untitled(id));
    }
    let old = conn.title(id)$wait?;
    let mut renamed = $number;
    for child in conn.children(id)$wait? {
        let name = format!("{title} {child}");
        renamed += conn.execute("UPDATE object SET title = ?1 WHERE id = ?2", &name, child)$wait?;
    }
    $statement
    renamed += conn.execute("UPDATE object SET title = ?1 WHERE id = ?2", title, id)$wait?;
    Ok(renamed)
}
END
}

//! The place of a table in a file: between `<!-- NAME -->` and `<!-- /NAME -->`.

use std::fs;

/// What stands there.
///
/// # Errors
///
/// When there is no such place.
pub fn find<'t>(text: &'t str, name: &str) -> Result<&'t str, String> {
    split(text, name).map(|(_, table, _)| table)
}

/// The text with another table.
///
/// # Errors
///
/// When there is no place for it.
pub fn replace(text: &str, name: &str, table: &str) -> Result<String, String> {
    split(text, name).map(|(before, _, after)| format!("{before}{table}{after}"))
}

/// Puts a table into a file.
///
/// # Errors
///
/// When there is no place for it, or the file cannot be read or written.
pub fn write(file: &str, name: &str, table: &str) -> Result<(), String> {
    let text = replace(&read(file)?, name, table)?;
    fs::write(file, text).map_err(|error| format!("cannot write {file}: {error}"))
}

/// What a file says.
///
/// # Errors
///
/// When it cannot be read.
pub fn read(file: &str) -> Result<String, String> {
    fs::read_to_string(file).map_err(|error| format!("cannot read {file}: {error}"))
}

fn split<'t>(text: &'t str, name: &str) -> Result<(&'t str, &'t str, &'t str), String> {
    let (begin, end) = (format!("<!-- {name} -->\n"), format!("<!-- /{name} -->"));
    let no_place = || format!("no {} … {end}", begin.trim_end());
    let begin_at = text.find(&begin).map(|at| at + begin.len());
    let end_at = text.find(&end);
    match (begin_at, end_at) {
        (Some(begin), Some(end)) if begin <= end => {
            Ok((&text[..begin], &text[begin..end], &text[end..]))
        }
        _ => Err(no_place()),
    }
}

#[cfg(test)]
mod tests {
    use super::{find, replace};

    const NAME: &str = "contract matrix";

    #[test]
    fn the_table_between_the_markers_is_found_and_replaced() {
        let text = "a\n<!-- contract matrix -->\nold\n<!-- /contract matrix -->\nb\n";
        assert_eq!(find(text, NAME), Ok("old\n"));
        let replaced = replace(text, NAME, "new\n").unwrap_or_default();
        assert_eq!(replaced, text.replace("old", "new"));
    }

    #[test]
    fn a_file_without_markers_is_an_error() {
        assert!(find("a\n", NAME).is_err());
        assert!(
            find(
                "<!-- /contract matrix -->\n<!-- contract matrix -->\n",
                NAME
            )
            .is_err()
        );
    }
}

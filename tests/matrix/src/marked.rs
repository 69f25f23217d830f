//! The place of the table in a file.

const BEGIN: &str = "<!-- contract matrix -->\n";
const END: &str = "<!-- /contract matrix -->";

/// What stands there.
pub(crate) fn find(text: &str) -> Result<&str, String> {
    split(text).map(|(_, table, _)| table)
}

/// The text with another table.
pub(crate) fn replace(text: &str, table: &str) -> Result<String, String> {
    split(text).map(|(before, _, after)| format!("{before}{table}{after}"))
}

fn split(text: &str) -> Result<(&str, &str, &str), String> {
    let begin = text.find(BEGIN).map(|at| at + BEGIN.len());
    let end = text.find(END);
    match (begin, end) {
        (Some(begin), Some(end)) if begin <= end => {
            Ok((&text[..begin], &text[begin..end], &text[end..]))
        }
        _ => Err(format!("no {} … {END}", BEGIN.trim_end())),
    }
}

#[cfg(test)]
mod tests {
    use super::{find, replace};

    #[test]
    fn the_table_between_the_markers_is_found_and_replaced() {
        let text = "a\n<!-- contract matrix -->\nold\n<!-- /contract matrix -->\nb\n";
        assert_eq!(find(text), Ok("old\n"));
        let replaced = replace(text, "new\n").unwrap_or_default();
        assert_eq!(replaced, text.replace("old", "new"));
    }

    #[test]
    fn a_file_without_markers_is_an_error() {
        assert!(find("a\n").is_err());
        assert!(find("<!-- /contract matrix -->\n<!-- contract matrix -->\n").is_err());
    }
}

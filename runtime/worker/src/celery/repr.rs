//! Arguments as Python shows them.

use std::fmt::Write as _;

use serde_json::Value;

/// The number of characters after which Celery cuts them off.
const LONGEST: usize = 1024;

/// The text that Celery's logs and its monitors show for positional arguments.
///
/// Celery leaves deep values out, which are shown here, and cuts long ones off at the end of one of their parts.
pub(super) fn of_args(args: &[Value]) -> String {
    let mut text = String::new();
    write_list(
        &mut text,
        args,
        ["(", if args.len() == 1 { ",)" } else { ")" }],
    );
    cut_off(text)
}

/// The text for keyword arguments.
pub(super) fn of_kwargs(kwargs: &Value) -> String {
    let mut text = String::new();
    write_value(&mut text, kwargs);
    cut_off(text)
}

fn write_value(text: &mut String, value: &Value) {
    match value {
        Value::Null => text.push_str("None"),
        Value::Bool(true) => text.push_str("True"),
        Value::Bool(false) => text.push_str("False"),
        // A string takes whatever is written to it.
        Value::Number(number) => _ = write!(text, "{number}"),
        Value::String(string) => write_string(text, string),
        Value::Array(values) => write_list(text, values, ["[", "]"]),
        Value::Object(pairs) => {
            text.push('{');
            for (index, (key, value)) in pairs.iter().enumerate() {
                separate(text, index);
                write_string(text, key);
                text.push_str(": ");
                write_value(text, value);
            }
            text.push('}');
        }
    }
}

fn write_list(text: &mut String, values: &[Value], [begin, end]: [&str; 2]) {
    text.push_str(begin);
    for (index, value) in values.iter().enumerate() {
        separate(text, index);
        write_value(text, value);
    }
    text.push_str(end);
}

fn write_string(text: &mut String, string: &str) {
    text.push('\'');
    text.push_str(&string.replace('\'', "\\'"));
    text.push('\'');
}

fn separate(text: &mut String, index: usize) {
    if index > 0 {
        text.push_str(", ");
    }
}

fn cut_off(mut text: String) -> String {
    if let Some((end, _)) = text.char_indices().nth(LONGEST) {
        text.truncate(end);
        text.push_str("...");
    }
    text
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{of_args, of_kwargs};

    #[test]
    fn arguments_look_as_in_python() {
        let args = [json!(1), json!("it's"), json!(null), json!([true, 1.5])];
        assert_eq!(of_args(&args), r"(1, 'it\'s', None, [True, 1.5])");
        assert_eq!(of_args(&[json!(1)]), "(1,)");
        assert_eq!(of_args(&[]), "()");
        assert_eq!(
            of_kwargs(&json!({"a": {"b": false}, "c": 2})),
            "{'a': {'b': False}, 'c': 2}"
        );
    }

    #[test]
    fn long_arguments_are_cut_off_between_characters() {
        let text = of_args(&[json!("ü".repeat(2000))]);
        assert_eq!(text.chars().count(), 1027);
        assert!(text.ends_with("ü..."), "{text}");
    }
}

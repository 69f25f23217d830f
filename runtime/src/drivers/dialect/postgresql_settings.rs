//! Settings of one transaction of PostgreSQL.
//!
//! They are set ahead of `BEGIN`, in the same message. Statements of a message that come before a `BEGIN` in it become a part of the
//! transaction (<https://www.postgresql.org/docs/current/protocol-flow.html>, "Multiple Statements in a Simple Query"), and where one of them
//! is refused nothing is open, as `BEGIN` is not executed. `SET LOCAL` is no query, so that it takes no snapshot: the body may still choose an isolation level, and an
//! option of the block is not refused for coming too late; and no driver has to skip rows.

use std::borrow::Cow;

use super::postgresql::DATABASE;
use crate::options::Unsupported;
use crate::settings::{Setting, Settings};

/// The settings that take a list, and quote each word of it: one text would be one word. `set_config` takes the text apart
/// (<https://www.postgresql.org/docs/current/runtime-config-client.html>).
const LISTS: [&str; 2] = ["search_path", "temp_tablespaces"];

/// The name of a setting of ours, without its number.
const KEPT: &str = "commit_on_success.kept_";

/// A query, behind a `BEGIN`: from then on another begin fails ([`postgresql`](super::postgresql)), instead of going on in the same transaction.
pub(crate) const SEEN_BY_BEGIN: &str = "; SELECT 1";

/// Puts settings ahead of the statements that begin a transaction.
///
/// # Errors
///
/// When there are pragmas among them, or the statements cannot be had.
pub(crate) fn before<E: From<Unsupported>>(
    settings: &Settings,
    begin: Result<Cow<'static, str>, E>,
) -> Result<Cow<'static, str>, E> {
    Ok(Cow::Owned(set(settings)? + &begin?))
}

/// The statements that set them, each with a semicolon behind it.
///
/// # Errors
///
/// When there are pragmas among them.
pub(crate) fn set(settings: &Settings) -> Result<String, Unsupported> {
    if !settings.pragmas().is_empty() {
        return Err(Unsupported::new(DATABASE, "pragma"));
    }
    let statements = settings.variables().iter().map(statement);
    Ok(statements.collect())
}

/// The same for a block in the transaction of a test. The release of its savepoint would keep them, so what they were is kept beside them.
///
/// # Errors
///
/// When there are pragmas among them.
pub(crate) fn set_in_test(settings: &Settings) -> Result<String, Unsupported> {
    let set = set(settings)?;
    let variables = settings.variables().iter().enumerate();
    let keep = variables.map(|(index, setting)| {
        let name = quoted(setting.name());
        format!("SELECT set_config('{KEPT}{index}', coalesce(current_setting({name}, true), ''), true); ")
    });
    Ok(keep.collect::<String>() + &set)
}

/// The statements that set them to what they were.
pub(crate) fn unset_in_test(settings: &Settings) -> String {
    let variables = settings.variables().iter().enumerate();
    let unset = variables.map(|(index, setting)| {
        let name = quoted(setting.name());
        format!("SELECT set_config({name}, current_setting('{KEPT}{index}'), true); ")
    });
    unset.collect()
}

fn statement(setting: &Setting) -> String {
    let parts: Vec<_> = setting.name().split('.').map(quoted_name).collect();
    let values: Vec<_> = if LISTS
        .iter()
        .any(|list| setting.name().eq_ignore_ascii_case(list))
    {
        words(setting.value())
            .iter()
            .map(|word| quoted(word))
            .collect()
    } else {
        vec![quoted(setting.value())]
    };
    format!("SET LOCAL {} = {}; ", parts.join("."), values.join(", "))
}

fn quoted_name(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A text that means the same whatever `standard_conforming_strings` is, and whether a quote may be written with a backslash or not.
fn quoted(text: &str) -> String {
    format!("E'{}'", text.replace('\\', "\\\\").replace('\'', "''"))
}

/// The words of a list, as PostgreSQL reads them: commas are between them, a word in double quotes is as it is written, any other is in lower
/// case.
fn words(list: &str) -> Vec<String> {
    let parts: Vec<_> = list.split('"').collect();
    let mut words = vec![String::new()];
    let mut inside = false;
    for (index, part) in parts.iter().enumerate() {
        let is_between = index > 0 && index + 1 < parts.len();
        let Some(word) = words.last_mut() else {
            unreachable!("there is a word from the start")
        };
        if inside {
            *word += part;
        } else if is_between && part.is_empty() {
            // Two quotes inside of quotes are one.
            word.push('"');
        } else {
            let mut outside = part.split(',').map(|word| word.trim().to_ascii_lowercase());
            *word += &outside.next().unwrap_or_default();
            words.extend(outside);
        }
        inside = !inside;
    }
    words
}

#[cfg(test)]
mod tests {
    use super::{quoted, set, words};
    use crate::settings::Settings;

    #[test]
    fn nothing_in_a_value_ends_its_quotes() {
        assert_eq!(
            quoted(r"a\'; DROP TABLE b; --"),
            r"E'a\\''; DROP TABLE b; --'"
        );
        assert_eq!(quoted(r"\"), r"E'\\'");
        assert_eq!(quoted(""), "E''");
    }

    #[test]
    fn each_setting_is_a_statement() {
        let settings = Settings::new()
            .set("app.tenant", 7)
            .set("lock_timeout", "1s");
        let statements = r#"SET LOCAL "app"."tenant" = E'7'; SET LOCAL "lock_timeout" = E'1s'; "#;
        assert_eq!(set(&settings).unwrap_or_default(), statements);
    }

    #[test]
    fn a_list_is_taken_apart_as_postgresql_does() {
        for (list, expected) in [
            ("Public", &["public"][..]),
            ("a, B ,c", &["a", "b", "c"]),
            (r#""Mixed, Case", public"#, &["Mixed, Case", "public"]),
            (r#""a""b""#, &["a\"b"]),
            (r#""$user",public"#, &["$user", "public"]),
            ("", &[""]),
        ] {
            assert_eq!(words(list), expected, "{list}");
        }
    }
}

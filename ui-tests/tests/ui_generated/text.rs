//! From a draft to the text of a module, with and without the attribute.

use crate::dice::Dice;
use crate::draft::{Draft, Flavour};
use crate::places::Place;
use crate::sources::Receiver;
use crate::spoil::spoil;

/// The same function twice.
pub(crate) struct Twins {
    pub(crate) annotated: String,
    pub(crate) plain: String,
    /// Whether something was done to it so that it may not compile.
    pub(crate) spoiled: bool,
}

/// The function of that number.
pub(crate) fn twins(seed: u64, number: u64, spoiled: bool) -> Twins {
    let mut dice = Dice::of(seed, number);
    let draft = Draft::new(&mut dice);
    let mut text = Writer::new(&draft, &mut dice, number).module();
    let spoiled = spoiled && {
        let worse = spoil(&text, &draft, &mut dice);
        worse.map(|worse| text = worse).is_some()
    };
    let argument = [draft.source.argument, draft.options.unwrap_or_default()];
    let arguments: Vec<_> = argument.into_iter().filter(|it| !it.is_empty()).collect();
    let attribute = match arguments.as_slice() {
        [] => "#[commit_on_success]".to_owned(),
        some => format!("#[commit_on_success({})]", some.join(", ")),
    };
    let twin = |attribute: &str, instead: &str| {
        let text = text
            .replace("@ATTRIBUTE@", attribute)
            .replace("@INSTEAD@", instead);
        let lines = text.lines().filter(|line| !line.trim().is_empty());
        lines.collect::<Vec<_>>().join("\n")
    };
    Twins {
        annotated: twin(&attribute, ""),
        plain: twin("", &allowed(draft.source.instead)),
        spoiled,
    }
}

/// The statements in place of the attribute, of which no lint speaks.
fn allowed(instead: &str) -> String {
    let statements = instead.split_inclusive(';');
    let statements = statements
        .map(|statement| format!("#[allow(unused, clippy::all, clippy::pedantic)] {statement} "));
    statements.collect()
}

struct Writer<'draft> {
    draft: &'draft Draft,
    name: String,
    lead: &'static str,
    visibility: &'static str,
    is_extern: bool,
    has_clause: bool,
    inner: &'static str,
    before: &'static str,
    shadowed: bool,
    /// The index of the spelling of `Result`.
    spelling: usize,
}

impl<'draft> Writer<'draft> {
    fn new(draft: &'draft Draft, dice: &mut Dice, number: u64) -> Self {
        const LEADS: &[&str] = &[
            "",
            "",
            "",
            "/// What it does.",
            "#[inline]",
            "#[doc(hidden)]",
            "#[cfg(not(any()))]",
            "#[cold]",
            "#[allow(unused_variables)]",
            "#[allow(clippy::unused_async)]",
        ];
        const VISIBILITIES: &[&str] = &[
            "",
            "pub",
            "pub",
            "pub(crate)",
            "pub(super)",
            "pub(in crate)",
        ];
        const INNER: &[&str] = &["", "", "", "", "", "#![allow(unused_mut)]"];
        let can_be_public = draft.place.can_be_public();
        Self {
            draft,
            name: if dice.happens(5) {
                format!("r#f{number}")
            } else {
                format!("f{number}")
            },
            lead: dice.word(LEADS),
            visibility: if can_be_public {
                dice.word(VISIBILITIES)
            } else {
                ""
            },
            is_extern: dice.happens(5),
            has_clause: dice.happens(50),
            inner: dice.word(INNER),
            before: dice.word(&["", "let before = 1; note(before);"]),
            shadowed: dice.happens(8),
            spelling: dice.below(9),
        }
    }

    fn module(&self) -> String {
        let draft = self.draft;
        let text = if draft.place == Place::Parts && self.has_simple_parts() {
            self.parts()
        } else {
            let function = format!(
                "{}\n@ATTRIBUTE@\n{} {}",
                self.lead,
                self.signature(&self.parameters()),
                self.body()
            );
            let place = if draft.place == Place::Parts {
                Place::Free
            } else {
                draft.place
            };
            place.wrap(&function, &self.signature(&declared(&self.parameters())))
        };
        if self.shadowed {
            format!("{SHADOWS}\n{}", absolute(&text))
        } else {
            text
        }
    }

    fn parameters(&self) -> Vec<String> {
        let receiver = self
            .draft
            .receiver
            .map(|Receiver(text, _)| (*text).to_owned());
        receiver
            .into_iter()
            .chain(self.draft.parameters.clone())
            .collect()
    }

    fn signature(&self, parameters: &[String]) -> String {
        let draft = self.draft;
        let result = self.result();
        let output = match draft.flavour {
            Flavour::Sync | Flavour::Async => result,
            Flavour::Future => format!("impl Future<Output = {result}> + Send"),
            Flavour::Boxed => format!("Pin<Box<dyn Future<Output = {result}> + Send + 'c>>"),
        };
        let parameters = parameters.join(", ");
        let (generics, clause) = self.generics(&format!("{parameters} {output}"));
        let word = |wanted: bool, word: &'static str| if wanted { word } else { "" };
        format!(
            "{} {} {} {} fn {}{generics}({parameters}) -> {output} {clause}",
            self.visibility,
            word(draft.flavour == Flavour::Async, "async"),
            word(draft.is_unsafe, "unsafe"),
            word(self.is_extern, "extern \"Rust\""),
            self.name,
        )
    }

    fn result(&self) -> String {
        let Draft {
            output, failure, ..
        } = self.draft;
        match self.spelling {
            0 => format!("std::result::Result<{output}, {}>", failure.ty),
            1 => format!("::core::result::Result<{output}, {}>", failure.ty),
            2 if failure.ty == "DbError" => format!("Done<{output}>"),
            3 => format!("Done<{output}, {}>", failure.ty),
            4 if !output.contains("impl ") => format!("done!({output}, {})", failure.ty),
            _ => format!("Result<{output}, {}>", failure.ty),
        }
    }

    /// The generics and bounds for the names in a signature.
    fn generics(&self, signature: &str) -> (String, String) {
        const TYPES: &[(&str, &str)] = &[
            ("T", "Display"),
            ("E", "From<DbError> + From<TransactionError>"),
        ];
        let mut names: Vec<String> = Vec::new();
        let mut clause = Vec::new();
        names.extend(
            ["'p", "'c"]
                .into_iter()
                .filter(|it| mentions(signature, it))
                .map(str::to_owned),
        );
        let iterator = if signature.contains("I::Item") {
            "Iterator"
        } else {
            "IntoIterator<IntoIter: DoubleEndedIterator>"
        };
        for (name, bound) in TYPES.iter().chain([&("I", iterator)]) {
            if mentions(signature, name) && self.has_clause {
                names.push((*name).to_owned());
                clause.push(format!("{name}: {bound}"));
            } else if mentions(signature, name) {
                names.push(format!("{name}: {bound}"));
            }
        }
        if mentions(signature, "N") {
            names.push("const N: usize".to_owned());
        }
        let list = if names.is_empty() {
            String::new()
        } else {
            format!("<{}>", names.join(", "))
        };
        let clause = if clause.is_empty() {
            String::new()
        } else {
            format!("where {}", clause.join(", "))
        };
        (list, clause)
    }

    fn body(&self) -> String {
        let Draft {
            source,
            body,
            flavour,
            ..
        } = self.draft;
        let inside = format!("@INSTEAD@\n{}\n{}", source.head, body.join("\n"));
        let (inner, before) = (self.inner, self.before);
        match flavour {
            Flavour::Sync | Flavour::Async => format!("{{\n{inner}\n{inside}\n}}"),
            Flavour::Future => format!("{{\n{inner}\n{before}\nasync move {{\n{inside}\n}}\n}}"),
            Flavour::Boxed => {
                format!("{{\n{inner}\n{before}\nBox::pin(async move {{\n{inside}\n}})\n}}")
            }
        }
    }

    fn has_simple_parts(&self) -> bool {
        let parameters = self.draft.parameters.join(", ");
        let (generics, _) = self.generics(&format!("{parameters} {}", self.result()));
        generics.is_empty() && parameters.starts_with("conn: ") && self.inner.is_empty()
    }

    /// The function out of a macro that is given its parts.
    fn parts(&self) -> String {
        let keyword = if self.draft.flavour == Flavour::Async {
            "async"
        } else {
            ""
        };
        let (source, rest) = self
            .draft
            .parameters
            .split_first()
            .expect("there is a source");
        let source = source.trim_start_matches("conn: ");
        let is_unsafe = if self.draft.is_unsafe { "unsafe" } else { "" };
        format!(
            "macro_rules! define {{\n\
             ($conn:ident: $source:ty, ($($rest:tt)*) => $output:ty, $body:block) => {{\n\
             @ATTRIBUTE@\n\
             {} {keyword} {is_unsafe} fn {}($conn: $source, $($rest)*) -> $output $body\n}};\n}}\n\
             define! {{ conn: {source}, ({}) => {}, {} }}",
            self.visibility,
            self.name,
            rest.join(", "),
            self.result(),
            self.body(),
        )
    }
}

/// The parameters of a function without a body, which have no patterns.
fn declared(parameters: &[String]) -> Vec<String> {
    let declared = parameters.iter().map(|parameter| {
        let plain = parameter.trim_start_matches("mut ");
        if plain.contains("self") && !plain.contains("cfg") {
            return plain.to_owned();
        }
        let (attributes, rest) = match parameter.rsplit_once(")] ") {
            Some((attribute, rest)) => (format!("{attribute})] "), rest),
            None => (String::new(), parameter.as_str()),
        };
        let at = rest
            .find("}: ")
            .map(|at| at + 1)
            .or_else(|| rest.find(": "))
            .expect("it has a type");
        let attributes = if attributes.contains("cfg") {
            attributes
        } else {
            String::new()
        };
        format!("{attributes}_{}", &rest[at..])
    });
    declared.collect()
}

/// Whether a name occurs as a word.
fn mentions(text: &str, name: &str) -> bool {
    let part = |it: char| it.is_alphanumeric() || it == '_' || it == '\'';
    text.split(|it| !part(it)).any(|word| word == name)
}

/// Items with names of the prelude, which a user may have given to something else.
const SHADOWS: &str = "mod core {} mod std {} struct Result; struct Option; struct Box; struct Send; struct Vec; struct String; \
    struct Future; struct From; struct Into; #[allow(non_snake_case)] fn Ok() {} #[allow(non_snake_case)] fn Err() {} \
    #[allow(non_snake_case)] fn Some() {} #[allow(non_upper_case_globals)] const None: () = (); fn drop() {} \
    macro_rules! line { () => { compile_error!(\"not this one\") }; } \
    trait Extensions { fn run(&self) {} fn commit(&self) {} fn rollback(&self) {} } \
    impl<T> Extensions for T {}";

/// The same text without names of the prelude.
fn absolute(text: &str) -> String {
    const NAMES: &[(&str, &str)] = &[
        ("Ok", "::core::result::Result::Ok"),
        ("Err", "::core::result::Result::Err"),
        ("Some", "::core::option::Option::Some"),
        ("None", "::core::option::Option::None"),
        ("Result", "::core::result::Result"),
        ("Option", "::core::option::Option"),
        ("Box", "::std::boxed::Box"),
        ("Vec", "::std::vec::Vec"),
        ("String", "::std::string::String"),
        ("Send", "::core::marker::Send"),
        ("Future", "::core::future::Future"),
        ("From", "::core::convert::From"),
        ("Into", "::core::convert::Into"),
        ("drop", "::core::mem::drop"),
        ("std", "::std"),
        ("core", "::core"),
    ];
    let mut absolute = String::new();
    let mut rest = text;
    while let Some(start) = rest.find(|it: char| it.is_alphabetic() || it == '_') {
        absolute.push_str(&rest[..start]);
        let word = &rest[start..];
        let end = word
            .find(|it: char| !it.is_alphanumeric() && it != '_')
            .unwrap_or(word.len());
        let (word, after) = word.split_at(end);
        let is_path =
            absolute.ends_with("::") || absolute.ends_with('.') || absolute.ends_with('\'');
        let known = NAMES.iter().find(|(name, _)| *name == word && !is_path);
        absolute.push_str(known.map_or(word, |(_, path)| path));
        rest = after;
    }
    absolute + rest
}

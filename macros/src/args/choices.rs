//! The options whose value is one of a few words.

/// An option whose value is one of a few words.
pub(super) trait Choice: Copy + 'static {
    const WORDS: &'static [(&'static str, Self)];
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Propagation {
    Nested,
    Required,
    Mandatory,
    Durable,
}

impl Choice for Propagation {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("nested", Self::Nested),
        ("required", Self::Required),
        ("mandatory", Self::Mandatory),
        ("durable", Self::Durable),
    ];
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Isolation {
    ReadUncommitted,
    ReadCommitted,
    RepeatableRead,
    Serializable,
}

impl Choice for Isolation {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("read_uncommitted", Self::ReadUncommitted),
        ("read_committed", Self::ReadCommitted),
        ("repeatable_read", Self::RepeatableRead),
        ("serializable", Self::Serializable),
    ];
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    Deferred,
    Immediate,
    Exclusive,
}

impl Choice for Mode {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("deferred", Self::Deferred),
        ("immediate", Self::Immediate),
        ("exclusive", Self::Exclusive),
    ];
}

pub(super) fn words<T: Choice>() -> impl Iterator<Item = &'static str> {
    T::WORDS.iter().map(|(word, _)| *word)
}

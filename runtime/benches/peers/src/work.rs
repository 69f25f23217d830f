//! The work of a transaction, and the faults that may meet it.

/// The two ways to begin, commit and make the calls.
#[derive(Clone, Copy)]
pub(crate) enum Way {
    /// The driver's own means; the calls are made after the commit.
    ByHand,
    /// The means of the package, which makes the calls.
    Package,
}

impl Way {
    pub(crate) const ALL: [Self; 2] = [Self::ByHand, Self::Package];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::ByHand => "by-hand",
            Self::Package => "package",
        }
    }
}

#[derive(Clone, Copy)]
pub(crate) enum Work {
    /// One insert, one call.
    One,
    /// The same, and once more in a savepoint.
    Nested,
    /// One insert, a thousand calls.
    Thousand,
}

impl Work {
    pub(crate) const ALL: [Self; 3] = [Self::One, Self::Nested, Self::Thousand];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::One => "one",
            Self::Nested => "nested",
            Self::Thousand => "thousand",
        }
    }

    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::One => "an insert and a call",
            Self::Nested => "an insert and a call, and again in a savepoint",
            Self::Thousand => "an insert and a thousand calls",
        }
    }

    /// The number of rows that a transaction inserts.
    pub(crate) const fn rows(self) -> i64 {
        match self {
            Self::One | Self::Thousand => 1,
            Self::Nested => 2,
        }
    }

    pub(crate) const fn calls(self) -> u64 {
        match self {
            Self::One => 1,
            Self::Nested => 2,
            Self::Thousand => 1000,
        }
    }
}

/// A fault that a peer has to meet.
#[derive(Clone, Copy)]
pub(crate) enum Fault {
    /// A statement fails, and the error is not looked at.
    Swallowed,
    /// A transaction is rolled back after a nested one in it has ended well.
    Undone,
}

impl Fault {
    pub(crate) const ALL: [Self; 2] = [Self::Swallowed, Self::Undone];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Swallowed => "swallowed",
            Self::Undone => "undone",
        }
    }

    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::Swallowed => "a statement fails, the body goes on",
            Self::Undone => "a nested one ends well, the outer one fails",
        }
    }
}

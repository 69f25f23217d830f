//! The savepoints of nested blocks, and their names.

use std::borrow::Cow;
use std::sync::atomic::{AtomicU16, Ordering};

/// The savepoint of a nested block.
///
/// ```
/// use commit_on_success::{BoxError, Savepoint};
///
/// /// A step of an adapter whose database keeps a savepoint that was rolled back to.
/// fn rollback_to(savepoint: &Savepoint, send: impl Fn(&str) -> Result<(), BoxError>) -> Result<(), BoxError> {
///     send(&savepoint.rollback_to())?;
///     send(&savepoint.release())
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Savepoint {
    /// Which block of another owner's transaction it descends from; zero for those of our own.
    root: u16,
    /// The number of blocks around it, up to that root.
    depth: u16,
}

/// Texts for the depths that occur, so that a nested block allocates nothing for its SQL.
macro_rules! texts {
    ($statement:literal: $($depth:literal)*) => {
        &[$(concat!($statement, "commit_on_success_", $depth)),*]
    };
}

impl Savepoint {
    /// The place of an outermost block, which has no savepoint.
    pub(crate) const OUTERMOST: Self = Self { root: 0, depth: 0 };

    /// A savepoint of our own below which no block can be.
    pub(crate) const DEEPEST: Self = Self {
        root: 0,
        depth: u16::MAX,
    };

    /// Another one, which has blocks inside of it that are outermost ones in a test.
    pub(crate) const AROUND_OUTERMOST: Self = Self {
        root: 0,
        depth: u16::MAX - 1,
    };

    /// The savepoint of a block in a transaction that somebody else has opened. It shares its name with no other that may
    /// be open on the same connection, even if blocks are around it that this thread cannot see.
    pub(crate) fn foreign() -> Self {
        static ROOTS: AtomicU16 = AtomicU16::new(0);
        let root = ROOTS.fetch_add(1, Ordering::Relaxed) % u16::MAX + 1;
        Self { root, depth: 0 }
    }

    /// The savepoint of a block inside of one that has this. `None` where blocks are nested too deeply to be told apart.
    pub(crate) const fn nested(self) -> Option<Self> {
        match self.depth.checked_add(1) {
            Some(depth) if depth < Self::AROUND_OUTERMOST.depth => Some(Self { depth, ..self }),
            _ => None,
        }
    }

    pub(crate) const fn depth(self) -> u16 {
        self.depth
    }

    /// `commit_on_success_1` for the first level below the transaction, and so on. Each open savepoint of a connection has
    /// a name of its own, because MySQL forgets a savepoint when another one takes its name; where somebody else has
    /// opened the transaction, a number that is given out once comes before the level's.
    #[must_use]
    pub fn name(&self) -> Cow<'static, str> {
        self.text("", texts!("": 0 1 2 3 4 5 6 7))
    }

    /// `SAVEPOINT name`.
    #[must_use]
    pub fn create(&self) -> Cow<'static, str> {
        self.text("SAVEPOINT ", texts!("SAVEPOINT ": 0 1 2 3 4 5 6 7))
    }

    /// `RELEASE SAVEPOINT name`.
    #[must_use]
    pub fn release(&self) -> Cow<'static, str> {
        self.text(
            "RELEASE SAVEPOINT ",
            texts!("RELEASE SAVEPOINT ": 0 1 2 3 4 5 6 7),
        )
    }

    /// `ROLLBACK TO SAVEPOINT name`. The savepoint survives it, so [`release`](Self::release) has to
    /// follow: a server keeps memory for each one that is left, and SQLite gets slower with each.
    #[must_use]
    pub fn rollback_to(&self) -> Cow<'static, str> {
        self.text(
            "ROLLBACK TO SAVEPOINT ",
            texts!("ROLLBACK TO SAVEPOINT ": 0 1 2 3 4 5 6 7),
        )
    }

    fn text(self, statement: &str, texts: &[&'static str]) -> Cow<'static, str> {
        let Self { root, depth } = self;
        match texts.get(usize::from(depth)) {
            Some(text) if root == 0 => Cow::Borrowed(text),
            _ if root == 0 => Cow::Owned(format!("{statement}commit_on_success_{depth}")),
            _ => Cow::Owned(format!("{statement}commit_on_success_{root}_{depth}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Savepoint;

    #[test]
    fn deep_savepoints_are_spelled_like_shallow_ones() {
        let at = |depth| Savepoint { root: 0, depth };
        assert_eq!(at(7).create(), "SAVEPOINT commit_on_success_7");
        assert_eq!(at(8).create(), "SAVEPOINT commit_on_success_8");
        assert_eq!(at(8).name(), "commit_on_success_8");
        assert_eq!(
            at(9).rollback_to(),
            "ROLLBACK TO SAVEPOINT commit_on_success_9"
        );
    }

    #[test]
    fn savepoints_in_the_transactions_of_others_have_names_of_their_own() {
        let (one, other) = (Savepoint::foreign(), Savepoint::foreign());
        assert_ne!(one.name(), other.name());
        assert_ne!(
            one.nested().map(|inner| inner.name()),
            other.nested().map(|inner| inner.name())
        );
        assert_eq!(
            one.name().matches('_').count(),
            "commit_on_success_1_0".matches('_').count()
        );
    }

    #[test]
    fn a_level_too_many_has_no_savepoint() {
        let deepest = Savepoint {
            root: 0,
            depth: u16::MAX - 2,
        };
        assert_eq!(deepest.nested(), None);
    }
}

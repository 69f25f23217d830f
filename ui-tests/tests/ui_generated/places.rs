//! Places where a function can stand.

use crate::dice::Dice;
use crate::draft::Flavour;
use crate::sources::{Owner, Source};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Free,
    /// The body of another function.
    Nested,
    /// A block that is evaluated at compile time.
    Constant,
    /// Out of a `macro_rules`, token by token.
    Tokens,
    /// Out of one that matched it as an item, and puts the attribute above it.
    Item,
    /// Out of one that matched its parts.
    Parts,
    Inherent,
    /// An implementation for a type that has borrowed a connection.
    Lent,
    Implemented,
    /// A provided method of a trait.
    Provided,
}
use Place::{Constant, Free, Implemented, Inherent, Item, Nested, Parts, Provided, Tokens};

impl Place {
    pub(crate) fn new(dice: &mut Dice, source: &Source, flavour: Flavour) -> Self {
        let place = Self::of_owner(dice, source.owner, flavour);
        // A name that one macro gives is not seen by what another one was given.
        if matches!(place, Item | Parts) && source.conn == "tx" {
            Tokens
        } else {
            place
        }
    }

    fn of_owner(dice: &mut Dice, owner: Owner, flavour: Flavour) -> Self {
        const ANY: &[Place] = &[
            Free,
            Free,
            Free,
            Nested,
            Constant,
            Tokens,
            Item,
            Parts,
            Inherent,
            Inherent,
            Implemented,
            Provided,
        ];
        match (owner, flavour) {
            (Owner::Lent, _) => Self::Lent,
            (Owner::Object | Owner::Shared, _) => *dice.pick(&[Inherent, Implemented]),
            (Owner::Anybody, Flavour::Future | Flavour::Boxed) => {
                *dice.pick(&[Free, Free, Nested, Tokens, Item])
            }
            (Owner::Anybody, Flavour::Sync | Flavour::Async) => *dice.pick(ANY),
        }
    }

    pub(crate) fn has_receiver(self) -> bool {
        matches!(self, Inherent | Self::Lent | Implemented | Provided)
    }

    /// Whether visibility can be said.
    pub(crate) fn can_be_public(self) -> bool {
        !matches!(self, Implemented | Provided)
    }

    /// Puts a function there. `declared` is its signature without patterns.
    pub(crate) fn wrap(self, function: &str, declared: &str) -> String {
        match self {
            Free => function.to_owned(),
            Nested => format!("pub fn outer() {{\n{function}\n}}"),
            Constant => format!("const _: () = {{\n{function}\n}};"),
            Tokens => format!(
                "macro_rules! define {{ ($($token:tt)*) => {{ $($token)* }}; }}\ndefine! {{\n{function}\n}}"
            ),
            Item => {
                let function = function.replace("@ATTRIBUTE@", "");
                format!(
                    "macro_rules! define {{ ($item:item) => {{\n@ATTRIBUTE@\n$item }}; }}\ndefine! {{\n{function}\n}}"
                )
            }
            Parts => unreachable!("its parts are put together where they are known"),
            Inherent => format!("impl Object {{\n{function}\n}}"),
            Self::Lent => format!("impl Lent<'_> {{\n{function}\n}}"),
            Implemented => format!(
                "pub trait Service: Sized {{ type Value; type Error; {declared}; }}\n\
                 impl Service for Object {{ type Value = i64; type Error = AppError;\n{function}\n}}"
            ),
            Provided => format!("pub trait Service: Named {{\n{function}\n}}"),
        }
    }
}

/// Gives each variant of an enum a word, on the command line, in headers and in tables.
macro_rules! words {
    ($(#[$enum_doc:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$enum_doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name { $($(#[$doc])* $variant,)+ }

        impl $name {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The word for it.
            #[must_use]
            pub fn word(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }
        }

        impl std::str::FromStr for $name {
            type Err = String;

            fn from_str(word: &str) -> Result<Self, String> {
                let known = [$($word),+];
                let found = known.iter().position(|known| *known == word);
                let unknown = || format!("expected one of {}, found `{word}`", known.join(", "));
                found.map(|found| Self::ALL[found]).ok_or_else(unknown)
            }
        }
    };
}

pub(crate) use words;

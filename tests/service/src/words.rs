/// An enum whose variants have a word each, on the command line, in headers and in tables.
macro_rules! words {
    ($(#[$about:meta])* $name:ident { $($(#[$what:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name {
            $($(#[$what])* $variant,)+
        }

        impl $name {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The word for it.
            #[must_use]
            pub fn word(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }
        }

        impl std::str::FromStr for $name {
            type Err = String;

            fn from_str(word: &str) -> Result<Self, String> {
                let found = Self::ALL.iter().find(|known| known.word() == word);
                let known: Vec<_> = Self::ALL.iter().map(|known| known.word()).collect();
                found.copied().ok_or_else(|| format!("expected one of {}, found `{word}`", known.join(", ")))
            }
        }
    };
}

pub(crate) use words;

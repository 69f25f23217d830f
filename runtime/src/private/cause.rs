//! The error of a body as a driver can look at it, whatever its type.

use std::error::Error;

/// The error in `&Result<T, E>`, as an `Option` of `&(dyn Error + 'static)`. With `any_lifetime`, `E` may borrow something,
/// and it is what caused the error that can be looked at.
#[doc(hidden)]
#[macro_export]
macro_rules! __cause {
    (any_lifetime $result:expr) => {{
        use $crate::__private::Cause as _;
        (&&&&&$crate::__private::Returned($result, $crate::__private::AnyLifetime)).cause()
    }};
    ($result:expr) => {{
        use $crate::__private::Cause as _;
        (&&&&&$crate::__private::Returned($result, $crate::__private::Static)).cause()
    }};
}

/// What a body returned, and how long its error is known to live.
#[derive(Debug)]
pub struct Returned<'r, R, L>(pub &'r R, pub L);

/// The error borrows nothing.
#[derive(Debug)]
pub struct Static;

/// The error may borrow something.
#[derive(Debug)]
pub struct AnyLifetime;

/// Finds the error. A method call tries the type with the most references first, so that the first of these
/// implementations that fits is taken; the last one fits everything.
pub trait Cause<'r> {
    /// The error, where there is one that can be looked at.
    fn cause(&self) -> Option<&'r (dyn Error + 'static)>;
}

impl<'r, T, E: Error + 'static> Cause<'r> for &&&&Returned<'r, Result<T, E>, Static> {
    fn cause(&self) -> Option<&'r (dyn Error + 'static)> {
        let error = self.0.as_ref().err()?;
        Some(error)
    }
}

impl<'r, T, E: Error> Cause<'r> for &&&&Returned<'r, Result<T, E>, AnyLifetime> {
    fn cause(&self) -> Option<&'r (dyn Error + 'static)> {
        self.0.as_ref().err()?.source()
    }
}

/// `anyhow::Error`, `eyre::Report`, `Box<dyn Error + Send + Sync>`.
impl<'r, T, E: AsRef<dyn Error + Send + Sync>, L> Cause<'r> for &&&Returned<'r, Result<T, E>, L> {
    fn cause(&self) -> Option<&'r (dyn Error + 'static)> {
        let error = self.0.as_ref().err()?;
        Some(error.as_ref())
    }
}

/// `Box<dyn Error + Send>`.
impl<'r, T, E: AsRef<dyn Error + Send>, L> Cause<'r> for &&Returned<'r, Result<T, E>, L> {
    fn cause(&self) -> Option<&'r (dyn Error + 'static)> {
        let error = self.0.as_ref().err()?;
        Some(error.as_ref())
    }
}

/// `Box<dyn Error>`.
impl<'r, T, E: AsRef<dyn Error>, L> Cause<'r> for &Returned<'r, Result<T, E>, L> {
    fn cause(&self) -> Option<&'r (dyn Error + 'static)> {
        let error = self.0.as_ref().err()?;
        Some(error.as_ref())
    }
}

impl<'r, R, L> Cause<'r> for Returned<'r, R, L> {
    fn cause(&self) -> Option<&'r (dyn Error + 'static)> {
        None
    }
}

#[cfg(test)]
mod tests {
    use std::error::Error;
    use std::fmt;

    #[derive(Debug)]
    struct Plain;

    impl fmt::Display for Plain {
        fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str("plain")
        }
    }

    impl Error for Plain {}

    #[derive(Debug)]
    struct Borrowing<'a>(&'a str, Plain);

    impl fmt::Display for Borrowing<'_> {
        fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str(self.0)
        }
    }

    impl Error for Borrowing<'_> {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            Some(&self.1)
        }
    }

    fn shown(cause: Option<&(dyn Error + 'static)>) -> Option<String> {
        cause.map(ToString::to_string)
    }

    #[test]
    fn an_error_is_found_as_it_is_and_in_a_box() {
        let plain = Some("plain".to_owned());
        assert_eq!(shown(crate::__cause!(&Err::<(), _>(Plain))), plain);
        let boxed: Result<(), Box<dyn Error>> = Err(Box::new(Plain));
        assert_eq!(shown(crate::__cause!(&boxed)), plain);
        let boxed: Result<(), Box<dyn Error + Send>> = Err(Box::new(Plain));
        assert_eq!(shown(crate::__cause!(any_lifetime & boxed)), plain);
        let boxed: Result<(), Box<dyn Error + Send + Sync>> = Err(Box::new(Plain));
        assert!(crate::__cause!(&boxed).is_some_and(<dyn Error>::is::<Plain>));
    }

    #[test]
    fn the_source_of_an_error_that_borrows_is_found() {
        fn of<'a>(text: &'a str) -> Option<String> {
            let result: Result<(), Borrowing<'a>> = Err(Borrowing(text, Plain));
            shown(crate::__cause!(any_lifetime & result))
        }
        assert_eq!(of(&String::from("text")), Some("plain".to_owned()));
    }

    #[test]
    fn nothing_is_found_where_there_is_no_error() {
        fn generic<E>(result: &Result<(), E>) -> Option<String> {
            shown(crate::__cause!(any_lifetime result))
        }
        assert_eq!(generic(&Err(1)), None);
        assert_eq!(shown(crate::__cause!(&Err::<(), _>("text"))), None);
        assert_eq!(shown(crate::__cause!(&Ok::<_, Plain>(()))), None);
        assert_eq!(shown(crate::__cause!(&())), None);
    }
}

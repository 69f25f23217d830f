//! The place in the source that a transaction comes from.

use std::fmt;

/// The annotated function, or the `transaction!` block, that a transaction belongs to.
///
/// Written by the macros, as a constant.
///
/// ```
/// use commit_on_success::Error;
///
/// /// The function of an error, for a metric.
/// fn label(error: &Error) -> &'static str {
///     error.site().map_or("outside", |site| site.function())
/// }
/// # assert_eq!(label(&commit_on_success::set_rollback().unwrap_err()), "outside");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Site {
    #[doc(hidden)]
    pub function: &'static str,
    #[doc(hidden)]
    pub module: &'static str,
    #[doc(hidden)]
    pub file: &'static str,
    #[doc(hidden)]
    pub line: u32,
    #[doc(hidden)]
    pub column: u32,
}

impl Site {
    /// A place that stands for no function.
    pub(crate) const NOWHERE: Self = Self {
        function: "",
        module: "",
        file: "",
        line: 0,
        column: 0,
    };

    /// The name of the function, without its path.
    #[must_use]
    pub const fn function(&self) -> &'static str {
        self.function
    }

    /// The path of the module that the function is in.
    #[must_use]
    pub const fn module(&self) -> &'static str {
        self.module
    }

    /// The source file.
    #[must_use]
    pub const fn file(&self) -> &'static str {
        self.file
    }

    /// The line of the attribute, counted from one.
    #[must_use]
    pub const fn line(&self) -> u32 {
        self.line
    }

    /// The column of the attribute, counted from one.
    #[must_use]
    pub const fn column(&self) -> u32 {
        self.column
    }
}

impl fmt::Display for Site {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            function,
            module,
            file,
            line,
            column,
        } = self;
        write!(formatter, "`{module}::{function}` ({file}:{line}:{column})")
    }
}

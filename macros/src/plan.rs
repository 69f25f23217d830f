//! Plans of what is going to be generated. Only valid combinations can be written down here.

use proc_macro2::{Group, Ident, Span, TokenStream};
use syn::{Attribute, Expr, LitInt, LitStr, Path, Token, Type};

/// One transaction: what it is opened on, what runs inside it, and how it ends.
pub(crate) struct Plan {
    pub(crate) krate: Option<Path>,
    /// The name that errors and observers are given.
    pub(crate) site: String,
    pub(crate) flavour: Flavour,
    /// The `.await` of the user that the generated ones are located at, if that is what makes it async.
    pub(crate) wait: Option<Span>,
    pub(crate) source: Source,
    pub(crate) terms: Terms,
    pub(crate) capture: Capture,
    pub(crate) output: Output,
    pub(crate) body: Group,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flavour {
    Sync,
    Async,
}

impl Plan {
    /// Puts statements before those of the body, if there are any.
    pub(crate) fn begin_body_with(&mut self, statements: TokenStream) {
        if statements.is_empty() {
            return;
        }
        let mut body = statements;
        body.extend(self.body.stream());
        let mut body = Group::new(self.body.delimiter(), body);
        body.set_span(self.body.span());
        self.body = body;
    }
}

/// The expression that the transaction is opened on, and the name that it has inside.
pub(crate) struct Source {
    pub(crate) binding: Ident,
    /// The place where the user has named it for the transaction: among the arguments, if it is there.
    pub(crate) named: Span,
    pub(crate) mutability: Option<Token![mut]>,
    pub(crate) expression: TokenStream,
    pub(crate) passing: Passing,
}

/// The way in which the source reaches `begin`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Passing {
    AsWritten,
    /// A field may be a `&mut` behind a `&mut`, which can be borrowed again but not moved.
    Reborrowed,
}

/// The options of a transaction, after the check that they go together.
#[derive(Default)]
pub(crate) struct Terms {
    pub(crate) settings: Vec<Setting>,
    pub(crate) values: Vec<Value>,
    pub(crate) retry: Option<Retry>,
    /// The predicate of `no_rollback_for`: whether an error commits all the same.
    pub(crate) no_rollback: Option<Expr>,
    /// The function of `map_err`, for an error type that does not convert.
    pub(crate) map_err: Option<Expr>,
}

/// An option that goes to the database, named by the words of the user.
pub(crate) enum Setting {
    /// `read_only`
    Flag(Ident),
    /// `isolation = serializable`
    Choice { option: Ident, word: Ident },
}

/// A setting of `set` or `pragma`, whose value is an expression.
pub(crate) struct Value {
    /// The option, which is also a method's name.
    pub(crate) option: Ident,
    pub(crate) name: LitStr,
    pub(crate) expression: TokenStream,
}

/// A body that may run more than once.
pub(crate) struct Retry {
    pub(crate) attempts: LitInt,
    pub(crate) backoff: Option<Expr>,
    /// The parameters of which each attempt needs one of its own.
    pub(crate) fresh: Vec<Fresh>,
}

/// A parameter that a body would use up.
pub(crate) struct Fresh {
    pub(crate) parameter: Moved,
    pub(crate) renewal: Renewal,
}

/// The way in which an attempt gets at a parameter without taking it away from the next one.
#[derive(Clone, Copy)]
pub(crate) enum Renewal {
    /// The place to blame when it cannot be cloned.
    Clone(Span),
    /// A `&mut` is lent to each attempt in turn.
    Reborrow,
}

/// The way in which the body gets at what surrounds it.
pub(crate) enum Capture {
    Move,
    /// The source is borrowed from something that the body uses too. The parameters in the list are moved all the same,
    /// so that a future does not hold a reference to what is `Send` but not `Sync`.
    Borrow {
        moved: Vec<Moved>,
    },
}

/// A parameter that is moved into a body that borrows everything else.
pub(crate) struct Moved {
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) mutability: Option<Token![mut]>,
    pub(crate) name: Ident,
}

/// The type that the body evaluates to, as far as it can be told, and where to report that it does not.
pub(crate) struct Output {
    pub(crate) annotation: Annotation,
    /// The place to blame when it is not a suitable `Result`.
    pub(crate) blame: Span,
    pub(crate) error: ErrorType,
}

/// The type that a body is measured against.
pub(crate) enum Annotation {
    /// That of the signature, with every `impl Trait` in it replaced by `_`.
    Written(Box<Type>),
    /// A block has no signature, and what is expected of it is found out by rustc.
    Expected,
}

/// The type of the error, as far as the signature tells. If it may borrow something, only its source is sure to live long
/// enough to be looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ErrorType {
    Static,
    Unknown,
    /// A parameter of the function, which may borrow something, and needs a bound.
    Parameter,
}

/// The part of a function that the transaction goes around.
pub(crate) enum Place {
    /// The transaction is around the whole body.
    Body,
    /// The transaction goes into the `async` block that the body ends in.
    Tail(Box<Tail>),
}

/// The end of a function that returns a future: `async move { … }` or `Box::pin(async move { … })`.
pub(crate) struct Tail {
    /// The statements before it.
    pub(crate) before: TokenStream,
    /// `Box::pin` and its parentheses.
    pub(crate) wrapper: Option<(TokenStream, Span)>,
    /// `async move`
    pub(crate) keywords: TokenStream,
    pub(crate) inner: Option<Inner>,
}

/// The block that `#[async_trait]` has put a method's body into, which takes `self` over before that.
pub(crate) struct Inner {
    /// The future's block.
    pub(crate) block: Group,
    /// The statements before the method's body in it.
    pub(crate) before: TokenStream,
    /// The tokens behind that body.
    pub(crate) after: TokenStream,
}

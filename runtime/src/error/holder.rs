//! The user of a connection that others wait for.

/// The user of a connection that others wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(
    not(feature = "ambient"),
    allow(dead_code, reason = "handles have such users")
)]
pub(crate) enum Holder {
    /// A block, which is about to begin or to end.
    Block,
    Statement,
    Lease,
    /// A closure of a sync handle, which the code that wants the connection is inside of.
    Closure,
}

impl Holder {
    /// Why nobody else has the connection.
    pub(super) fn busy(self) -> &'static str {
        match self {
            Self::Block => "a block inside of it is open, which goes on only when it is polled",
            Self::Statement => "a statement is under way, which goes on only when it is polled",
            Self::Lease => "it is leased, and the lease is not dropped",
            Self::Closure => {
                "a closure has it that is running: use the connection that the closure was given"
            }
        }
    }
}

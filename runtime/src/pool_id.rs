//! The pool of a block's connection.

/// The pool that the connection of a block is from, as far as handles are to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoolId(pub(crate) u16);

impl PoolId {
    /// One without handles.
    pub(crate) const NONE: Self = Self(0);
    /// Set in the identity of all pools that a connection may be from.
    #[cfg(feature = "ambient")]
    pub(crate) const UNKNOWN: u16 = 1 << 15;
}

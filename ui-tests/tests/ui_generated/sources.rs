//! The grammar of sources: what the attribute says, and what stands for it where there is no attribute.

/// The place that a function has to be in for a source to be there.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Owner {
    Anybody,
    /// A method of something that owns its connection, by `&mut self` or a value that can be changed.
    Object,
    /// A method of the same, by any receiver.
    Shared,
    /// A method of something that has borrowed its connection.
    Lent,
}
use Owner::{Anybody, Lent, Object, Shared};

pub(crate) struct Source {
    /// The words between the parentheses of the attribute.
    pub(crate) argument: &'static str,
    pub(crate) parameter: &'static str,
    /// The statements that the plain function begins with, in place of the attribute.
    pub(crate) instead: &'static str,
    /// The statements that both functions begin with.
    pub(crate) head: &'static str,
    pub(crate) conn: &'static str,
    pub(crate) owner: Owner,
}

/// The bare form.
const fn bare(argument: &'static str, parameter: &'static str) -> Source {
    Source {
        argument,
        parameter,
        instead: "",
        head: "",
        conn: "conn",
        owner: Anybody,
    }
}

const fn bound(
    argument: &'static str,
    parameter: &'static str,
    instead: &'static str,
    owner: Owner,
) -> Source {
    Source {
        argument,
        parameter,
        instead,
        head: "",
        conn: "tx",
        owner,
    }
}

const fn headed(parameter: &'static str, instead: &'static str, head: &'static str) -> Source {
    Source {
        argument: "",
        parameter,
        instead,
        head,
        conn: "conn",
        owner: Anybody,
    }
}

pub(crate) const SYNC: &[Source] = &[
    bare("", "conn: &mut Connection"),
    bare("", "conn: &mut Connection"),
    bare("", "conn: &mut Connection"),
    bare("conn", "conn: &mut Connection"),
    bare("conn", "conn: &'c mut Connection"),
    bare("crate = ::commit_on_success", "conn: Conn<'_>"),
    bare("", "State(conn): State<&mut Connection>"),
    bare("conn", "(conn, _): (&mut Connection, i64)"),
    bare("conn", "[conn]: [&mut Connection; 1]"),
    bare("", "ref mut conn: Connection"),
    bare("conn", "(ref mut conn, _): (Connection, i64)"),
    headed("mut conn: &mut Connection", "", "conn = shorter(conn);"),
    headed("mut conn: Pooled", "let conn = &mut *conn;", ""),
    bound(
        "tx = conn",
        "conn: &mut Connection",
        "let mut held = hold(&mut *conn); let tx = held.lend();",
        Anybody,
    ),
    bound(
        "tx = &mut *conn",
        "conn: &mut Connection",
        "let mut held = hold(&mut *conn); let tx = held.lend();",
        Anybody,
    ),
    bound(
        "tx = shorter(conn)",
        "conn: &mut Connection",
        "let mut held = hold(shorter(conn)); let tx = held.lend();",
        Anybody,
    ),
    bound(
        "tx = &mut conn",
        "mut conn: Connection",
        "let mut held = hold(&mut conn); let tx = held.lend();",
        Anybody,
    ),
    bound(
        "tx = pool.get()?",
        "pool: &Pool",
        "let mut held = pool.get()?; let tx = &mut *held;",
        Anybody,
    ),
    bound(
        "tx = &mut pool.get()?",
        "pool: &Pool",
        "let mut held = pool.get()?; let tx = &mut *held;",
        Anybody,
    ),
    bound(
        "tx = pool.get()?",
        "pool: Pool",
        "let mut held = pool.get()?; let tx = &mut *held;",
        Anybody,
    ),
    bound(
        "tx = state.0",
        "state: State<&mut Connection>",
        "let mut held = hold(&mut *state.0); let tx = held.lend();",
        Anybody,
    ),
    bound(
        "tx = &mut self.conn",
        "",
        "let mut held = hold(&mut self.conn); let tx = held.lend();",
        Object,
    ),
    bound(
        "tx = &mut self.conn",
        "",
        "let mut held = hold(&mut self.conn); let tx = held.lend();",
        Object,
    ),
    bound(
        "tx = self.pool.get()?",
        "",
        "let mut held = self.pool.get()?; let tx = &mut *held;",
        Shared,
    ),
    bound(
        "tx = self.conn",
        "",
        "let mut held = hold(&mut *self.conn); let tx = held.lend();",
        Lent,
    ),
    bound(
        "tx = self.conn",
        "",
        "let mut held = hold(&mut *self.conn); let tx = held.lend();",
        Lent,
    ),
];

pub(crate) const ASYNC: &[Source] = &[
    bare("", "conn: &mut AsyncConnection"),
    bare("", "conn: &mut AsyncConnection"),
    bare("conn", "conn: AsyncConn<'_>"),
    bare("", "State(conn): State<&mut AsyncConnection>"),
    bare("conn", "(conn, _): (&mut AsyncConnection, i64)"),
    bare("", "ref mut conn: AsyncConnection"),
    headed(
        "mut conn: &mut AsyncConnection",
        "",
        "conn = shorter_async(conn);",
    ),
    bound(
        "tx = conn",
        "conn: &mut AsyncConnection",
        "let mut held = hold(&mut *conn); let tx = held.lend();",
        Anybody,
    ),
    bound(
        "tx = &mut conn",
        "mut conn: AsyncConnection",
        "let mut held = hold(&mut conn); let tx = held.lend();",
        Anybody,
    ),
    bound("tx = pool", "pool: &AsyncPool", OPENED, Anybody),
    bound("tx = &pool", "pool: AsyncPool", OPENED, Anybody),
    bound(
        "tx = &pool",
        "State(pool): State<AsyncPool>",
        OPENED,
        Anybody,
    ),
    bound(
        "tx = &mut self.async_conn",
        "",
        "let mut held = hold(&mut self.async_conn); let tx = held.lend();",
        Object,
    ),
    bound(
        "tx = &mut self.async_conn",
        "",
        "let mut held = hold(&mut self.async_conn); let tx = held.lend();",
        Object,
    ),
    bound(
        "tx = &self.async_pool",
        "",
        "let mut held = opened(&self.async_pool); let tx = &mut held;",
        Shared,
    ),
    bound(
        "tx = self.async_conn",
        "",
        "let mut held = hold(&mut *self.async_conn); let tx = held.lend();",
        Lent,
    ),
    bound(
        "tx = self.async_conn",
        "",
        "let mut held = hold(&mut *self.async_conn); let tx = held.lend();",
        Lent,
    ),
];

/// Sources of functions that return a future, which borrows for `'c`.
pub(crate) const FUTURE: &[Source] = &[
    bare("", "conn: &'c mut AsyncConnection"),
    bare("", "conn: &'c mut AsyncConnection"),
    bare("", "State(conn): State<&'c mut AsyncConnection>"),
    bound("tx = pool", "pool: &'c AsyncPool", OPENED, Anybody),
];

/// The statements that take the place of a connection of a pool.
const OPENED: &str = "let mut held = opened(&pool); let tx = &mut held;";

/// Options that may follow a source, and change nothing about what compiles.
pub(crate) const OPTIONS: &[&str] = &[
    "propagation = required",
    "propagation = durable",
    "isolation = serializable",
    "isolation = serializable, read_only, deferrable",
    "settle",
    "mode = immediate",
    "no_rollback_for = spares",
    "no_rollback_for = |_| false",
    "attempts = 2",
    "attempts = 3, backoff = ::std::time::Duration::from_millis(1)",
];

/// A receiver, and whether what is behind it can be changed.
pub(crate) struct Receiver(pub(crate) &'static str, pub(crate) Access);

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    Borrowed,
    /// Borrowed to be changed.
    Changed,
    Owned,
    /// Owned, and can be changed.
    Own,
    /// Behind something else.
    Counted,
}

pub(crate) const RECEIVERS: &[Receiver] = &[
    Receiver("self", Access::Owned),
    Receiver("mut self", Access::Own),
    Receiver("&self", Access::Borrowed),
    Receiver("&mut self", Access::Changed),
    Receiver("&mut self", Access::Changed),
    Receiver("&'p self", Access::Borrowed),
    Receiver("&'p mut self", Access::Changed),
    Receiver("self: Self", Access::Owned),
    Receiver("self: &Self", Access::Borrowed),
    Receiver("self: &mut Self", Access::Changed),
    Receiver("self: Box<Self>", Access::Owned),
    Receiver("mut self: Box<Self>", Access::Own),
    Receiver("self: std::sync::Arc<Self>", Access::Counted),
    Receiver("self: std::rc::Rc<Self>", Access::Counted),
    Receiver("self: &std::sync::Arc<Self>", Access::Counted),
    Receiver("self: Pin<&mut Self>", Access::Counted),
];

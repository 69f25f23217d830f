//! What happens to a server, and when it is there again.

use commit_on_success_tests::stoppable::Stop;

/// What happens to the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It ends all sessions.
    Sessions,
    Stop(Stop),
}

impl Fault {
    pub(crate) const ON_POSTGRES: &[Self] = &[
        Self::Sessions,
        Self::Stop(Stop::Politely),
        Self::Stop(Stop::AtOnce),
        Self::Stop(Stop::Kill),
    ];
    pub(crate) const ON_MARIADB: &[Self] = &[
        Self::Sessions,
        Self::Stop(Stop::Politely),
        Self::Stop(Stop::Kill),
    ];

    pub(crate) fn said(self) -> &'static str {
        match self {
            Self::Sessions => "session ended by the server",
            Self::Stop(Stop::Politely) => "server stopped and started",
            Self::Stop(_) => "server crashed and started",
        }
    }

    /// Whether the server forgets what it has not written down.
    pub(crate) fn crashes(self) -> bool {
        matches!(self, Self::Stop(Stop::AtOnce | Stop::Kill))
    }
}

/// When the server is there again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Back {
    /// Before anybody notices that it was away, and others have used it.
    Already,
    Later,
}

//! The packages that are compared, and with which of them.

use std::env;
use std::path::Path;
use std::process::Command;

use crate::child::Process;
use crate::serve::Result;

pub(crate) struct Peer {
    pub(crate) name: &'static str,
    /// The code by hand that the peer's own costs are compared with.
    pub(crate) by_hand: &'static str,
    /// Which of the peers of its database is ours on a driver of its kind.
    pub(crate) ours: usize,
    program: Program,
    argument: &'static str,
}

#[derive(Clone, Copy)]
enum Program {
    Ours,
    Rust,
    Django,
    Typeorm,
}

const DJANGO: &str = "Django `atomic`, `on_commit`";
const TYPEORM: &str = "typeorm-transactional `wrapInTransaction`, `runOnTransactionCommit`";
const RUSTANGO: &str = "rustango `atomic!`, `on_commit`";

const fn peer(
    name: &'static str,
    by_hand: &'static str,
    ours: usize,
    (program, argument): (Program, &'static str),
) -> Peer {
    Peer {
        name,
        by_hand,
        ours,
        program,
        argument,
    }
}

#[rustfmt::skip]
pub(crate) const SQLITE: [Peer; 5] = [
    peer("commit_on_success, rusqlite", "rusqlite", 0, (Program::Ours, "rusqlite")),
    peer("commit_on_success, sqlx", "sqlx 0.9", 1, (Program::Ours, "sqlx-sqlite")),
    peer(RUSTANGO, "sqlx 0.8", 1, (Program::Rust, "rustango-sqlite")),
    peer(DJANGO, "`sqlite3` of Python", 0, (Program::Django, "sqlite")),
    peer(TYPEORM, "better-sqlite3", 0, (Program::Typeorm, "sqlite")),
];

#[rustfmt::skip]
pub(crate) const POSTGRES: [Peer; 5] = [
    peer("commit_on_success, sqlx", "sqlx 0.9", 0, (Program::Ours, "sqlx-postgres")),
    peer(RUSTANGO, "sqlx 0.8", 0, (Program::Rust, "rustango-postgres")),
    peer("es-entity `DbOp`, `CommitHook`", "sqlx 0.8", 0, (Program::Rust, "es-entity")),
    peer(DJANGO, "psycopg", 0, (Program::Django, "postgres")),
    peer(TYPEORM, "pg", 0, (Program::Typeorm, "postgres")),
];

/// The programs that `runtime/benches/peers/run` has installed.
pub(crate) struct Programs {
    rust: String,
    python: String,
    node: String,
}

impl Programs {
    pub(crate) fn from_arguments(arguments: &[String]) -> Result<Self> {
        let [rust, python, node] = arguments else {
            return Err("expected three programs; run bash runtime/benches/peers/run".into());
        };
        Ok(Self {
            rust: rust.clone(),
            python: python.clone(),
            node: node.clone(),
        })
    }

    pub(crate) fn start(&self, peer: &Peer) -> Result<Process> {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut command = match peer.program {
            Program::Ours => Command::new(env::current_exe()?),
            Program::Rust => Command::new(&self.rust),
            Program::Django => script(&self.python, &here.join("django/peer.py")),
            Program::Typeorm => script(&self.node, &here.join("typeorm/peer.js")),
        };
        if matches!(peer.program, Program::Ours) {
            command.arg("serve");
        }
        Process::start(peer.name, command.arg(peer.argument))
    }
}

fn script(interpreter: &str, path: &Path) -> Command {
    let mut command = Command::new(interpreter);
    command.arg(path);
    command
}

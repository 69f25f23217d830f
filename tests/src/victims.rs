//! What a process that is going to be killed does, and what has to be found when it is dead.

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::Path;
use std::str::FromStr;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, OnceLock};

macro_rules! spelled {
    ($(#[$about:meta])* $name:ident { $($(#[$what:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name {
            $($(#[$what])* $variant,)+
        }

        impl $name {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant),+];
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(match self {
                    $(Self::$variant => $word,)+
                })
            }
        }

        impl FromStr for $name {
            type Err = String;

            fn from_str(word: &str) -> Result<Self, String> {
                let found = Self::ALL.iter().find(|known| known.to_string() == word);
                found.copied().ok_or_else(|| format!("{word} is not known"))
            }
        }
    };
}

spelled! {
    /// A database.
    Store {
        /// SQLite with a write-ahead log.
        Wal = "sqlite-wal",
        /// SQLite with a rollback journal.
        Journal = "sqlite-journal",
        /// PostgreSQL.
        Postgres = "postgres",
    }
}

spelled! {
    /// Where a process stops, to be killed there.
    Point {
        /// After `BEGIN`.
        Begun = "begun",
        /// After a savepoint was released.
        Released = "released",
        /// At the end of the body.
        BodyDone = "body-done",
        /// After `ROLLBACK`, where there is one.
        RolledBack = "rolled-back",
        /// After `COMMIT`.
        Committed = "committed",
        /// In the first deferred call, which has not done anything.
        Calling = "calling",
        /// At the end of the first deferred call.
        Called = "called",
        /// At the end of the last deferred call.
        CalledLast = "called-last",
        /// After the function has returned.
        Returned = "returned",
    }
}

/// What becomes of the transaction with a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Both rows are stored.
    Whole,
    /// The nested block fails, and the block around it goes on.
    InnerFails,
    /// The body fails at its end.
    Fails,
    /// The body panics at its end.
    Panics,
}

impl Fate {
    /// Every number has one.
    #[must_use]
    pub fn of(number: i64) -> Self {
        match number.rem_euclid(8) {
            3 => Self::Fails,
            5 => Self::InnerFails,
            7 => Self::Panics,
            _ => Self::Whole,
        }
    }

    /// The rows that are stored, which are the calls that are made as well, in this order.
    #[must_use]
    pub fn halves(self) -> &'static [i64] {
        match self {
            Self::Whole => &[1, 2],
            Self::InnerFails => &[1],
            Self::Fails | Self::Panics => &[],
        }
    }
}

/// What a process has to do.
#[derive(Clone, Debug)]
pub struct Orders {
    /// Where to.
    pub store: Store,
    /// A file, or a schema of the server.
    pub address: String,
    /// Where calls are written down.
    pub calls: String,
    /// The number of the first transaction.
    pub first: i64,
    /// And that of the last one.
    pub last: i64,
    /// Where to stop, if anywhere.
    pub halt: Option<(i64, Point)>,
}

impl Orders {
    /// As arguments of a program.
    #[must_use]
    pub fn to_args(&self) -> Vec<String> {
        let mut args = vec![
            self.store.to_string(),
            self.address.clone(),
            self.calls.clone(),
            self.first.to_string(),
            self.last.to_string(),
        ];
        if let Some((number, point)) = self.halt {
            args.extend([number.to_string(), point.to_string()]);
        }
        args
    }

    /// From arguments of a program.
    ///
    /// # Errors
    ///
    /// When they are none.
    pub fn from_args(args: &[String]) -> Result<Self, Box<dyn std::error::Error>> {
        let [store, address, calls, first, last, halt @ ..] = args else {
            return Err("too few arguments".into());
        };
        let halt = match halt {
            [number, point] => Some((number.parse()?, point.parse()?)),
            _ => None,
        };
        Ok(Self {
            store: store.parse()?,
            address: address.clone(),
            calls: calls.clone(),
            first: first.parse()?,
            last: last.parse()?,
            halt,
        })
    }
}

/// Where deferred calls are written down: one line with one `write` to the end of a file.
#[derive(Clone, Debug)]
pub struct Diary(Arc<File>);

impl Diary {
    /// Opens it, or begins it.
    ///
    /// # Errors
    ///
    /// When the file cannot be opened.
    pub fn open(path: impl AsRef<Path>) -> io::Result<Self> {
        let file = OpenOptions::new().create(true).append(true).open(path)?;
        Ok(Self(Arc::new(file)))
    }

    /// The call of one half of a transaction.
    ///
    /// # Errors
    ///
    /// When the file cannot be written.
    pub fn call(&self, number: i64, half: i64) -> io::Result<()> {
        let halves = Fate::of(number).halves();
        if half == halves[0] {
            pass(Point::Calling);
        }
        (&*self.0).write_all(format!("{number} {half}\n").as_bytes())?;
        pass(Point::Called);
        if halves.last() == Some(&half) {
            pass(Point::CalledLast);
        }
        Ok(())
    }
}

static HALT: OnceLock<(i64, Point)> = OnceLock::new();
static NUMBER: AtomicI64 = AtomicI64::new(0);

/// Arranges for this process to stop.
pub fn halt_at(halt: Option<(i64, Point)>) {
    if let Some(halt) = halt {
        let _ = HALT.set(halt);
    }
}

/// Says which transaction is next, before it begins.
pub fn announce(number: i64) {
    NUMBER.store(number, Ordering::Relaxed);
    println!("{number}");
}

/// Stops this process for ever, if it is to stop here.
pub fn pass(point: Point) {
    if HALT.get() == Some(&(NUMBER.load(Ordering::Relaxed), point)) {
        println!("{HALTED}");
        // Not for ever: only until whoever is to kill it is gone.
        let _ = io::stdin().read_to_end(&mut Vec::new());
        std::process::exit(3);
    }
}

/// What a process says when it has stopped.
pub const HALTED: &str = "halted";

/// The lock that a process holds as long as the server works for it, dead or alive.
#[must_use]
pub fn lock_of(schema: &str) -> i64 {
    schema
        .bytes()
        .fold(0, |lock: i64, byte| lock.wrapping_mul(31) + i64::from(byte))
}

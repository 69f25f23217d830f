//! A server of one's own, to be stopped and started again.

use std::io::{BufRead as _, BufReader, Lines, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Once;

use crate::servers;

/// A database that is stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// PostgreSQL.
    Postgres,
    /// MariaDB.
    MariaDb,
}

/// A message broker that is stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Broker {
    /// RabbitMQ.
    RabbitMq,
    /// Redis.
    Redis,
}

/// How it is stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Stop {
    /// Ends sessions, and then the server.
    Politely,
    /// Nothing is written any more; for PostgreSQL only.
    AtOnce,
    /// As if the power had gone.
    Kill,
}

/// A server, and the script `tests/stoppable` that runs it. Is gone when this is dropped.
#[derive(Debug)]
pub struct Server {
    /// Where it listens on 127.0.0.1.
    pub port: u16,
    script: Child,
    /// `None` when there is nothing more to say.
    orders: Option<ChildStdin>,
    answers: Lines<BufReader<ChildStdout>>,
}

impl Server {
    /// Starts one. `None` where there is none to be had.
    ///
    /// # Panics
    ///
    /// When it does not start, and where `CI=true`, which leaves nothing out.
    #[must_use]
    pub fn start(kind: Kind) -> Option<Self> {
        static SAID: Once = Once::new();
        let name = match kind {
            Kind::Postgres => "postgres",
            Kind::MariaDb => "mariadb",
        };
        Self::named(name, &SAID)
    }

    /// Starts a broker. `None` where there is none to be had.
    ///
    /// # Panics
    ///
    /// When it does not start, and where `CI=true`, which leaves nothing out.
    #[must_use]
    pub fn broker(broker: Broker) -> Option<Self> {
        static SAID: Once = Once::new();
        let name = match broker {
            Broker::RabbitMq => "rabbitmq",
            Broker::Redis => "redis",
        };
        Self::named(name, &SAID)
    }

    fn named(name: &str, said: &Once) -> Option<Self> {
        let absent = format!("{name} is not here to be stopped");
        Self::listening(&[name], &absent, said)
    }

    /// Starts a pgbouncer with this `pool_mode`, which has so many sessions of the server that a connection string
    /// of libpq names. `None` where there is none to be had.
    ///
    /// # Panics
    ///
    /// When it does not start, and where `CI=true`, which leaves nothing out.
    #[must_use]
    pub fn pgbouncer(mode: &str, sessions: u8, server: &str) -> Option<Self> {
        static SAID: Once = Once::new();
        let args = ["pgbouncer", mode, &sessions.to_string(), server];
        Self::listening(&args, "pgbouncer is not here", &SAID)
    }

    fn listening(args: &[&str], absent: &str, said: &Once) -> Option<Self> {
        let mut server = Self::of(args);
        let Ok(port) = server.answer().parse() else {
            servers::leave_out(absent, said);
            return None;
        };
        server.port = port;
        Some(server)
    }

    fn of(args: &[&str]) -> Self {
        // The packages of tests are in different depths of the repository.
        let above = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
        let mut paths = above.map(|directory| directory.join("tests/stoppable"));
        let Some(path) = paths.find(|path| path.is_file()) else {
            unreachable!("it is in the repository");
        };
        let script = Command::new("bash")
            .arg(path)
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn();
        let mut script = script.unwrap_or_else(|error| panic!("no script: {error}"));
        let orders = script.stdin.take();
        let Some(answers) = script.stdout.take() else {
            unreachable!("it was asked for");
        };
        Self {
            port: 0,
            script,
            orders,
            answers: BufReader::new(answers).lines(),
        }
    }

    /// Stops it, and returns when it is gone.
    ///
    /// # Panics
    ///
    /// When it goes on.
    pub fn stop(&mut self, how: Stop) {
        self.order(match how {
            Stop::Politely => "politely",
            Stop::AtOnce => "at-once",
            Stop::Kill => "kill",
        });
    }

    /// Starts it again, and returns when it answers.
    ///
    /// # Panics
    ///
    /// When it does not.
    pub fn start_again(&mut self) {
        self.order("start");
    }

    /// Keeps a copy of the files of a PostgreSQL that was stopped politely.
    ///
    /// # Panics
    ///
    /// When it cannot be made.
    pub fn copy(&mut self) {
        self.order("copy");
    }

    /// Starts that copy instead, as a standby that takes over, and knows nothing of what was done since.
    ///
    /// # Panics
    ///
    /// When it does not.
    pub fn take_over(&mut self) {
        self.order("take-over");
    }

    fn order(&mut self, order: &str) {
        let orders = self.orders.as_mut();
        let sent = orders.map(|orders| orders.write_all(format!("{order}\n").as_bytes()));
        assert!(matches!(sent, Some(Ok(()))), "{order}: {sent:?}");
        let answer = self.answer();
        assert_eq!(answer, "done", "to {order}");
    }

    fn answer(&mut self) -> String {
        let mut before = Vec::new();
        for line in self.answers.by_ref() {
            let line = line.unwrap_or_else(|error| panic!("no answer: {error}"));
            match line.strip_prefix("=> ") {
                Some(answer) => return answer.to_owned(),
                None => before.push(line),
            }
        }
        panic!("the script has ended: {}", before.join("\n"));
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.orders = None;
        let _ = self.script.wait();
    }
}

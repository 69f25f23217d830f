//! The command line.

use std::str::FromStr;
use std::time::Duration;

use crate::store::{Backend, Way};

/// The options, for `--help`.
pub const USAGE: &str = "\
commit_on_success_service [options]

  --seconds N          of work on each backend, shared by its ways (default 10)
  --turn MS            a turn of a way (default 1000)
  --clients N          at once (default 64)
  --hang-up P          the share of the orders after which the client hangs up (default 0.3)
  --within MS          how long it waits at most until then (default 5)
  --seed N             of all that is random (default 1)
  --backend WORD       sqlx-postgres, deadpool-postgres, sea-orm-postgres, diesel-async-postgres, rusqlite; again for
                       more (default all)
  --way WORD           attribute, by-hand, by-hand-verified, attribute-spawned; likewise
  --lenient            a row without its call is no broken promise: with --kill, --cut and --restart it may be an
                       outcome that nobody knows, of a client that has gone
  --kill N             ends N sessions a second
  --cut P              cuts a wire at this share of the messages
  --restart COMMAND    runs a command, of `sh`, that restarts the server
  --restart-every S    and again after S seconds (default 3)

PostgreSQL is found in COMMIT_ON_SUCCESS_POSTGRES_URL.";

/// The wishes of a command line.
#[derive(Clone, Debug)]
pub struct Options {
    /// The server of PostgreSQL.
    pub postgres: Option<String>,
    /// The time that each backend works.
    pub length: Duration,
    /// The length of a turn.
    pub turn: Duration,
    /// The number of clients at once.
    pub clients: u32,
    /// The share of the orders after which a client hangs up.
    pub hang_up: f64,
    /// The longest wait until then.
    pub within: Duration,
    /// The first seed of all that is random.
    pub seed: u64,
    /// The backends.
    pub backends: Vec<Backend>,
    /// The ways.
    pub ways: Vec<Way>,
    /// The promises that count.
    pub strictness: Strictness,
    /// Sessions that are ended in a second.
    pub kill: f64,
    /// The share of the messages at which a wire is cut.
    pub cut: f64,
    /// A command that restarts the server.
    pub restart: Option<String>,
    /// The time for which the server is left alone.
    pub restart_every: Duration,
}

/// Whether a call that is lost with a dropped future is a broken promise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strictness {
    /// A row without its call is counted, and no more.
    Lenient,
    /// A row without its call is a broken promise.
    Strict,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            postgres: None,
            length: Duration::from_secs(10),
            turn: Duration::from_secs(1),
            clients: 64,
            hang_up: 0.3,
            within: Duration::from_millis(5),
            seed: 1,
            backends: Backend::ALL.to_vec(),
            ways: Way::ALL.to_vec(),
            strictness: Strictness::Strict,
            kill: 0.0,
            cut: 0.0,
            restart: None,
            restart_every: Duration::from_secs(3),
        }
    }
}

impl Options {
    /// Reads a command line, without the program's name.
    ///
    /// # Errors
    ///
    /// Says the word that is wrong.
    pub fn parse(mut words: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut options = Self::default();
        let (mut backends, mut ways) = (Vec::new(), Vec::new());
        while let Some(option) = words.next() {
            if option == "--lenient" {
                options.strictness = Strictness::Lenient;
                continue;
            }
            let value = words.next();
            let value = value.ok_or_else(|| format!("expected a value after `{option}`"))?;
            match &*option {
                "--backend" => backends.push(value.parse()?),
                "--way" => ways.push(value.parse()?),
                _ => options.set(&option, value)?,
            }
        }
        if !backends.is_empty() {
            options.backends = backends;
        }
        if !ways.is_empty() {
            options.ways = ways;
        }
        Ok(options)
    }

    /// Reads the command line of a soak: ten minutes in turns of ten seconds, by the attribute.
    ///
    /// # Errors
    ///
    /// Says the word that is wrong.
    pub fn of_soak(words: impl Iterator<Item = String>) -> Result<Self, String> {
        let defaults = ["--seconds", "600", "--turn", "10000", "--clients", "12"];
        let mut words: Vec<String> = defaults
            .map(str::to_owned)
            .into_iter()
            .chain(words)
            .collect();
        if !words.iter().any(|word| word == "--way") {
            words.extend(["--way".to_owned(), Way::Attribute.word().to_owned()]);
        }
        Self::parse(words.into_iter())
    }

    fn set(&mut self, option: &str, value: String) -> Result<(), String> {
        match option {
            "--seconds" => self.length = seconds(&value)?,
            "--turn" => self.turn = Duration::from_millis(number(&value)?),
            "--clients" => self.clients = number(&value)?,
            "--hang-up" => self.hang_up = number(&value)?,
            "--within" => self.within = Duration::from_millis(number(&value)?),
            "--seed" => self.seed = number(&value)?,
            "--kill" => self.kill = number(&value)?,
            "--cut" => self.cut = number(&value)?,
            "--restart" => self.restart = Some(value),
            "--restart-every" => self.restart_every = seconds(&value)?,
            _ => return Err(format!("`{option}` is not known")),
        }
        Ok(())
    }

    /// The rounds of turns that fit in, one at least.
    pub fn rounds(&self) -> impl Iterator<Item = u32> + use<> {
        let round: Duration = self.ways.iter().map(|_| self.turn).sum();
        let length = self.length;
        (0..).take_while(move |&rounds| rounds == 0 || round * rounds < length)
    }
}

fn number<N: FromStr>(value: &str) -> Result<N, String> {
    let number = value.parse();
    number.map_err(|_| format!("expected a number, found `{value}`"))
}

fn seconds(value: &str) -> Result<Duration, String> {
    let seconds = Duration::try_from_secs_f64(number(value)?);
    seconds.map_err(|_| format!("expected seconds, found `{value}`"))
}

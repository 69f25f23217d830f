//! How many faults to inject, where chance comes from, and what is said in the end.

use std::fmt;
use std::fs::OpenOptions;
use std::io::Write as _;

/// How many faults each test injects, and where chance begins; for longer runs than the usual one.
const CASES: &str = "COMMIT_ON_SUCCESS_CASES";
const SEED: &str = "COMMIT_ON_SUCCESS_SEED";

/// Where the line goes as well, if it is set: a file that is appended to.
const FILE: &str = "COMMIT_ON_SUCCESS_FAULTS";

fn number(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    match text.parse() {
        Ok(number) => Some(number),
        Err(error) => panic!("{variable} is {text:?}: {error}"),
    }
}

/// As many cases as are asked for, or else the usual number.
#[must_use]
pub fn cases(usual: u64) -> u64 {
    number(CASES).unwrap_or(usual)
}

/// The seed that is asked for.
#[must_use]
pub fn seed() -> u64 {
    number(SEED).unwrap_or(0)
}

/// Says one line that a table can be made from:
/// `faults: KIND: INJECTED injected, BROKEN promises broken`, and what else was counted
/// (`NUMBER WHAT`, of several runs the sum) or measured (`at most NUMBER WHAT`, of several the largest).
fn report(kind: &str, injected: u64, broken: u64, also: &str) {
    let also = if also.is_empty() {
        String::new()
    } else {
        format!(", {also}")
    };
    let line = format!("faults: {kind}: {injected} injected, {broken} promises broken{also}\n");
    // The test harness shows it with `--nocapture` only.
    print!("{line}");
    let Some(file) = std::env::var_os(FILE).filter(|file| !file.is_empty()) else {
        return;
    };
    let written = OpenOptions::new().create(true).append(true).open(file);
    let written = written.and_then(|mut file| file.write_all(line.as_bytes()));
    assert!(written.is_ok(), "{FILE}: {written:?}");
}

/// What came of the faults of one kind, until [`publish`](Self::publish).
#[derive(Debug)]
pub struct Tally {
    kind: String,
    injected: u64,
    broken: Vec<String>,
    counted: Vec<(&'static str, u64)>,
    measured: Vec<(&'static str, u64)>,
}

impl Tally {
    /// None so far.
    pub fn new(kind: impl Into<String>) -> Self {
        Self {
            kind: kind.into(),
            injected: 0,
            broken: Vec::new(),
            counted: Vec::new(),
            measured: Vec::new(),
        }
    }

    /// Counts a fault.
    pub fn inject(&mut self) {
        self.injected += 1;
    }

    /// Counts a broken promise, unless it was kept.
    pub fn promise(&mut self, kept: bool, words: impl FnOnce() -> String) {
        if !kept {
            self.broken.push(words());
        }
    }

    /// Counts something else that is worth telling.
    pub fn count(&mut self, what: &'static str) {
        self.add(what, 1);
    }

    /// Counts more than one of it, or none.
    pub fn add(&mut self, what: &'static str, number: u64) {
        match self.counted.iter_mut().find(|(other, _)| *other == what) {
            Some((_, sum)) => *sum += number,
            None => self.counted.push((what, number)),
        }
    }

    /// Tells how much of something there was, which makes no sense as a sum.
    pub fn measure(&mut self, what: &'static str, number: u64) {
        self.measured.push((what, number));
    }

    /// Says the line.
    ///
    /// # Panics
    ///
    /// When no fault was injected, or a promise was broken.
    pub fn publish(self) {
        let broken = u64::try_from(self.broken.len()).unwrap_or(u64::MAX);
        let counted = self.counted.iter();
        let counted = counted.map(|(what, number)| format!("{number} {what}"));
        let measured = self.measured.iter();
        let measured = measured.map(|(what, number)| format!("at most {number} {what}"));
        let also: Vec<_> = counted.chain(measured).collect();
        report(&self.kind, self.injected, broken, &also.join(", "));
        assert!(self.injected > 0, "{}: nothing was injected", self.kind);
        let words = self.broken.join("\n");
        assert!(self.broken.is_empty(), "{}:\n{words}", self.kind);
    }
}

/// Chance that can be repeated: the same numbers for the same seed
/// (Steele, Lea, Flood: Fast splittable pseudorandom number generators).
#[derive(Clone)]
pub struct Chance(u64);

impl Chance {
    /// Of the seed that is asked for, and apart from that of others.
    #[must_use]
    pub fn of(purpose: &str) -> Self {
        let mixed = purpose
            .bytes()
            .fold(seed(), |seed, byte| Self(seed ^ u64::from(byte)).next());
        Self(mixed)
    }

    /// The next number.
    #[allow(clippy::should_implement_trait, reason = "it has no end")]
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below a limit.
    ///
    /// # Panics
    ///
    /// When the limit is zero.
    pub fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }
}

impl fmt::Debug for Chance {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Chance")
    }
}

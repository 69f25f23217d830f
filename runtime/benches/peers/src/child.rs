//! A peer in a process of its own, which does what it is told, and tells how long it took.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use crate::serve::Result;
use crate::work::{Fault, Way, Work};

pub(crate) struct Process {
    name: &'static str,
    child: Child,
    orders: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Process {
    pub(crate) fn start(name: &'static str, command: &mut Command) -> Result<Self> {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("{name} cannot be run ({command:?}): {error}"))?;
        let orders = child.stdin.take();
        let answers = child.stdout.take().ok_or("a child without an output")?;
        Ok(Self {
            name,
            child,
            orders,
            answers: BufReader::new(answers),
        })
    }

    /// The nanoseconds that a transaction took, of so many.
    pub(crate) fn time(&mut self, way: Way, work: Work, times: u32) -> Result<f64> {
        let answer = self.ask(&format!("{} {} {times}", way.name(), work.name()))?;
        Ok(answer.parse::<f64>()? / f64::from(times))
    }

    /// The rows and calls that are left after a fault, in the peer's words.
    pub(crate) fn outcome(&mut self, fault: Fault) -> Result<String> {
        self.ask(fault.name())
    }

    fn ask(&mut self, order: &str) -> Result<String> {
        let name = self.name;
        let orders = self.orders.as_mut().ok_or("a child without an input")?;
        let mut answer = String::new();
        writeln!(orders, "{order}")
            .and_then(|()| self.answers.read_line(&mut answer))
            .map_err(|error| format!("{name}: {error}"))?;
        match answer.trim() {
            "" => Err(format!("{name} has ended at {order}; why, it has said above").into()),
            answer => Ok(answer.to_owned()),
        }
    }
}

impl Drop for Process {
    /// Closes the input of the process, at the end of which it exits, and waits for that.
    fn drop(&mut self) {
        self.orders = None;
        let _ = self.child.wait();
    }
}

//! A peer in a process of its own, which does what it is told, and tells how long it took.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use crate::serve::Result;
use crate::work::{Way, Work};

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
        let order = format!("{} {} {times}\n", way.name(), work.name());
        let mut answer = String::new();
        self.send(&order)
            .and_then(|()| self.answers.read_line(&mut answer))
            .map_err(|error| format!("{}: {error}", self.name))?;
        let nanoseconds: f64 = answer.trim().parse().map_err(|_| {
            let (name, order) = (self.name, order.trim());
            format!("{name} did not answer to {order}; what it says of it stands above")
        })?;
        Ok(nanoseconds / f64::from(times))
    }

    fn send(&mut self, order: &str) -> std::io::Result<()> {
        self.orders
            .as_mut()
            .map_or(Ok(()), |orders| orders.write_all(order.as_bytes()))
    }
}

impl Drop for Process {
    /// Without orders it ends.
    fn drop(&mut self) {
        self.orders = None;
        let _ = self.child.wait();
    }
}

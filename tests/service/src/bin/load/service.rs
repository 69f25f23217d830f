//! A service in a process of its own, and how it is asked.

use std::net::SocketAddr;
use std::process::Stdio;
use std::time::Duration;

use commit_on_success_service::options::Options;
use commit_on_success_service::stand::Stand;
use commit_on_success_service::store::{Backend, Way};
use rustix::time::{ClockId, clock_gettime};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use crate::Result;

/// The first argument of such a process.
pub(crate) const PROCESS: &str = "serve";

/// The longest that a service may take to end.
const PATIENCE: Duration = Duration::from_secs(15);

/// A service. Ends with its input.
pub(crate) struct Service {
    pub(crate) address: SocketAddr,
    process: Child,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
}

/// The words of a service about itself.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Account {
    /// The processor time of its process.
    pub(crate) processor: Duration,
    /// The orders whose two calls were made, once each, since it was last asked.
    pub(crate) calls: usize,
}

impl Service {
    pub(crate) async fn start(backend: Backend, way: Way) -> Result<Self> {
        let mut process = Command::new(std::env::current_exe()?)
            .args([PROCESS, backend.word(), way.word()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let input = process.stdin.take().ok_or("no input")?;
        let output = process.stdout.take().ok_or("no output")?;
        let mut output = BufReader::new(output).lines();
        let address = output
            .next_line()
            .await?
            .ok_or("the service has not begun")?;
        Ok(Self {
            address: address.parse()?,
            process,
            input,
            output,
        })
    }

    pub(crate) async fn account(&mut self) -> Result<Account> {
        self.input.write_all(b"account\n").await?;
        let line = self
            .output
            .next_line()
            .await?
            .ok_or("the service has gone")?;
        let (processor, calls) = line.split_once(' ').ok_or("expected two numbers")?;
        Ok(Account {
            processor: Duration::from_nanos(processor.parse()?),
            calls: calls.parse()?,
        })
    }

    pub(crate) async fn stop(mut self) -> Result {
        drop(self.input);
        match self.process.wait().await? {
            status if status.success() => Ok(()),
            status => Err(format!("the service has ended with {status}").into()),
        }
    }
}

/// Serves until the input ends.
pub(crate) async fn serve(mut words: impl Iterator<Item = String>) -> Result {
    let mut word = || words.next().ok_or("expected a backend and a way");
    let (backend, way) = (word()?.parse()?, word()?.parse()?);
    let options = Options {
        postgres: std::env::var("COMMIT_ON_SUCCESS_POSTGRES_URL").ok(),
        ..Options::default()
    };
    let stand = Stand::open(&options, backend, way, None).await?;
    println!("{}", stand.address());
    let mut questions = BufReader::new(tokio::io::stdin()).lines();
    while questions.next_line().await?.is_some() {
        let processor = processor()?.as_nanos();
        let calls = stand.effects().take();
        let made = calls.placed.iter().filter(|&(id, call)| {
            let audited = calls.audited.get(id);
            call.times == 1 && audited.is_some_and(|call| call.times == 1)
        });
        println!("{processor} {}", made.count());
    }
    stand.close(PATIENCE).await?;
    Ok(())
}

fn processor() -> Result<Duration> {
    Ok(clock_gettime(ClockId::ProcessCPUTime).try_into()?)
}

//! A process that runs jobs, and the side that starts it.

use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use commit_on_success::commit_on_success;
use commit_on_success::jobs::Job;
use commit_on_success_worker::{Context, Handlers, Settings, Worker};
use serde::{Deserialize, Serialize};
use sqlx::{PgPool, query};
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines, copy, sink, stdin};
use tokio::process::{Child, ChildStdout, Command};

use crate::Result;
use crate::database::Postgres;

/// The argument that makes a process of this program a worker.
pub(crate) const PROCESS: &str = "worker";

/// The connections that each worker process has at most.
pub(crate) const CONNECTIONS: u32 = 10;

/// A job that does nothing.
#[derive(Serialize, Deserialize)]
pub(crate) struct Nothing {
    pub(crate) id: i64,
}

impl Job for Nothing {
    const KIND: &'static str = "nothing";
}

/// A job that updates one row and completes itself in the same transaction.
#[derive(Serialize, Deserialize)]
pub(crate) struct Update {
    id: i64,
}

impl Job for Update {
    const KIND: &'static str = "update";
}

/// Runs jobs until its standard input ends, and says how many they were.
pub(crate) async fn live() -> Result {
    let pool = Postgres::found()?.pool(CONNECTIONS).await?;
    let ran = Arc::new(AtomicU64::new(0));
    let worker = Worker::start(pool.clone(), handlers(&pool, &ran), &Settings::default()).await?;
    println!("ready");
    copy(&mut stdin(), &mut sink()).await?;
    worker.shutdown().await?;
    println!("{}", ran.load(Ordering::Relaxed));
    Ok(())
}

fn handlers(pool: &PgPool, ran: &Arc<AtomicU64>) -> Handlers {
    let (pool, ran, also_ran) = (pool.clone(), Arc::clone(ran), Arc::clone(ran));
    Handlers::new()
        .handle(move |_: Context, _: Nothing| {
            ran.fetch_add(1, Ordering::Relaxed);
            async { Result::Ok(()) }
        })
        .handle(move |context: Context, job: Update| {
            also_ran.fetch_add(1, Ordering::Relaxed);
            update(pool.clone(), context, job)
        })
}

#[commit_on_success(tx = pool)]
async fn update(pool: PgPool, context: Context, job: Update) -> Result {
    query("UPDATE effect SET runs = runs + 1 WHERE id = $1")
        .bind(job.id)
        .execute(&mut *tx)
        .await?;
    context.complete(tx).await?;
    Ok(())
}

/// Such a process.
pub(crate) struct WorkerProcess {
    child: Child,
    said: Lines<BufReader<ChildStdout>>,
}

impl WorkerProcess {
    /// Starts one, which runs jobs when this returns.
    pub(crate) async fn start() -> Result<Self> {
        let mut child = Command::new(std::env::current_exe()?)
            .arg(PROCESS)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let output = child.stdout.take().ok_or("it has no output")?;
        let mut process = Self {
            child,
            said: BufReader::new(output).lines(),
        };
        match process.line().await?.as_str() {
            "ready" => Ok(process),
            other => Err(format!("a worker says {other:?}").into()),
        }
    }

    pub(crate) fn id(&self) -> Option<u32> {
        self.child.id()
    }

    /// Ends it, and returns how many jobs it has run.
    pub(crate) async fn stop(mut self) -> Result<u64> {
        drop(self.child.stdin.take());
        let ran = self.line().await?.parse()?;
        let status = self.child.wait().await?;
        if !status.success() {
            return Err(format!("a worker ended with {status}").into());
        }
        Ok(ran)
    }

    async fn line(&mut self) -> Result<String> {
        let line = self.said.next_line().await?;
        Ok(line.ok_or("a worker has ended by itself")?)
    }
}

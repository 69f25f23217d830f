//! A broker, a queue of one's own on it, and a file with the jobs of a program.

use std::sync::OnceLock;

use commit_on_success::{commit_on_success, enqueue};
use commit_on_success_worker::{Handlers, Worker, celery, migrate};
use serde_json::{Value, json};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{SqlitePool, query, query_as};
use tempfile::TempDir;

use crate::python::{CeleryWorker, Python};
use crate::stoppable::{self, Server};

/// What Celery has its tasks from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Broker {
    Amqp,
    Redis,
}

impl Broker {
    fn start(self) -> Option<Server> {
        Server::broker(match self {
            Self::Amqp => stoppable::Broker::RabbitMq,
            Self::Redis => stoppable::Broker::Redis,
        })
    }

    /// The port of the one that all tests share, as it takes seconds to start.
    fn shared(self) -> Option<u16> {
        static AMQP: OnceLock<Option<Server>> = OnceLock::new();
        static REDIS: OnceLock<Option<Server>> = OnceLock::new();
        let shared = match self {
            Self::Amqp => &AMQP,
            Self::Redis => &REDIS,
        };
        let server = shared.get_or_init(|| self.start());
        server.as_ref().map(|server| server.port)
    }

    pub(crate) fn url(self, port: u16) -> String {
        match self {
            Self::Amqp => format!("amqp://guest:guest@127.0.0.1:{port}//"),
            Self::Redis => format!("redis://127.0.0.1:{port}/0"),
        }
    }

    pub(crate) fn handlers(self, url: &str) -> Handlers {
        match self {
            Self::Amqp => Handlers::new().celery(celery::Amqp::open(url).unwrap()),
            Self::Redis => Handlers::new().celery(celery::Redis::open(url).unwrap()),
        }
    }
}

pub(crate) struct Stage {
    pub(crate) broker: Broker,
    pub(crate) url: String,
    pub(crate) port: u16,
    /// A queue that no other test has.
    pub(crate) queue: String,
    pub(crate) python: Python,
    pub(crate) jobs: Jobs,
    /// The broker itself, where no other test has it.
    own: Option<Server>,
}

/// A file with jobs, in a directory that is gone with it.
pub(crate) struct Jobs {
    pub(crate) pool: SqlitePool,
    pub(crate) directory: TempDir,
}

impl Stage {
    /// `None` where something that is needed is not to be had.
    pub(crate) async fn new(broker: Broker) -> Option<Self> {
        let python = Python::find()?;
        let port = broker.shared()?;
        Some(Self::at(broker, port, python, None).await)
    }

    /// With a broker of its own, which is to be stopped.
    pub(crate) async fn alone(broker: Broker) -> Option<Self> {
        let python = Python::find()?;
        let server = broker.start()?;
        Some(Self::at(broker, server.port, python, Some(server)).await)
    }

    async fn at(broker: Broker, port: u16, python: Python, own: Option<Server>) -> Self {
        Self {
            broker,
            url: broker.url(port),
            port,
            queue: format!("queue_{:x}", fastrand::u64(..)),
            python,
            jobs: Jobs::new().await,
            own,
        }
    }

    /// The broker itself.
    pub(crate) fn server(&mut self) -> &mut Server {
        self.own.as_mut().expect("others use it")
    }

    pub(crate) fn handlers(&self) -> Handlers {
        self.broker.handlers(&self.url)
    }

    pub(crate) fn celery(&self) -> CeleryWorker {
        let directory = self.jobs.directory.path();
        self.python.worker(&self.url, &self.queue, directory)
    }

    /// The task that notes that it has run.
    pub(crate) fn note(&self, number: i64) -> celery::Task {
        celery::task("tasks.note", (number,)).queue(&self.queue)
    }
}

impl Jobs {
    pub(crate) async fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let options = SqliteConnectOptions::new()
            .filename(directory.path().join("jobs.sqlite"))
            .create_if_missing(true);
        let pool = SqlitePool::connect_with(options).await.unwrap();
        migrate(&pool).await.unwrap();
        Self { pool, directory }
    }

    /// Has a task stored by a transaction that commits, and returns its id.
    pub(crate) async fn commit(&self, task: celery::Task) -> String {
        let id = task.id();
        commit(&self.pool, task).await.unwrap();
        id
    }

    /// Has done what is due, and returns how many attempts that were.
    pub(crate) async fn drain(&self, handlers: &Handlers) -> usize {
        Worker::drain(&self.pool, handlers).await.unwrap()
    }

    /// Has what failed tried again at once.
    pub(crate) async fn drain_later(&self, handlers: &Handlers) -> usize {
        query("UPDATE river_job SET scheduled_at = strftime('%Y-%m-%d %H:%M:%f', scheduled_at, '-1 hour')")
            .execute(&self.pool)
            .await
            .unwrap();
        self.drain(handlers).await
    }

    /// The state of each job, with the last error that it had.
    pub(crate) async fn states(&self) -> Vec<(String, Option<String>)> {
        let sql = "SELECT state, errors ->> '$[#-1].error' FROM river_job ORDER BY id";
        query_as(sql).fetch_all(&self.pool).await.unwrap()
    }

    /// The error of the one job there is, which waits to be tried again: for so short a time that River calls it available.
    pub(crate) async fn error(&self) -> String {
        let states = self.states().await;
        let [(state, error)] = &states[..] else {
            panic!("{states:?}")
        };
        assert_eq!(state, "available");
        error.clone().unwrap()
    }

    pub(crate) async fn are_completed(&self) {
        let states = self.states().await;
        assert!(
            states.iter().all(|(state, _)| state == "completed"),
            "{states:?}"
        );
    }
}

#[commit_on_success(tx = pool)]
async fn commit(pool: &SqlitePool, task: celery::Task) -> anyhow::Result<()> {
    enqueue!(tx, task).await?;
    Ok(())
}

/// Positional arguments, as Python has them.
pub(crate) fn args(number: i64) -> Vec<Value> {
    vec![json!(number)]
}

/// Makes a test for each broker of functions that are given its name.
macro_rules! on_each_broker {
    ($($name:ident,)+) => {
        mod amqp {
            $(#[commit_on_success_test_macros::server_test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::$name(crate::stage::Broker::Amqp).await;
            })+
        }
        mod redis {
            $(#[commit_on_success_test_macros::server_test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::$name(crate::stage::Broker::Redis).await;
            })+
        }
    };
}
pub(crate) use on_each_broker;

//! The side of Celery: its worker, and what it says to have run.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Once;
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

use crate::servers;

/// The variable for the Python that has Celery.
const CELERY: &str = "COMMIT_ON_SUCCESS_CELERY";

/// The directory of this package with the tasks and scripts of its tests.
const OURS: &str = "tests/celery";

/// A Python that has Celery, or `None` where there is none to be had.
#[derive(Clone, Debug)]
pub(crate) struct Python {
    program: PathBuf,
}

/// One run of a task.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub(crate) struct Note {
    pub(crate) id: String,
    pub(crate) args: Vec<Value>,
    pub(crate) kwargs: BTreeMap<String, Value>,
}

/// A worker of Celery, which ends with this.
pub(crate) struct CeleryWorker {
    process: Child,
    directory: PathBuf,
}

impl Python {
    pub(crate) fn find() -> Option<Self> {
        static SAID: Once = Once::new();
        let Some(program) = servers::known(CELERY) else {
            servers::leave_out("Celery is not here", &SAID);
            return None;
        };
        Some(Self {
            program: program.into(),
        })
    }

    fn command(&self, directory: &str) -> Command {
        let mut command = Command::new(&self.program);
        command
            .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(directory))
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .stdin(Stdio::null());
        command
    }

    /// Starts a worker for one queue, which writes its notes in a directory.
    pub(crate) fn worker(&self, broker: &str, queue: &str, directory: &Path) -> CeleryWorker {
        self.worker_in(OURS, broker, queue, directory)
    }

    /// Starts one with the tasks of a directory of this package.
    pub(crate) fn worker_in(
        &self,
        tasks: &str,
        broker: &str,
        queue: &str,
        directory: &Path,
    ) -> CeleryWorker {
        let log = std::fs::File::create(directory.join("celery.log")).unwrap();
        let process = self
            .command(tasks)
            .args(
                "-m celery -A tasks worker --pool solo --without-gossip --without-mingle"
                    .split(' '),
            )
            .args(["--loglevel", "INFO", "--queues", queue])
            // Two workers of one name would have the same queue for what they are told.
            .args(["--hostname", &format!("{:x}@localhost", fastrand::u64(..))])
            .env("BROKER", broker)
            .env("NOTES", directory.join("notes"))
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        CeleryWorker {
            process,
            directory: directory.to_owned(),
        }
    }

    /// The output of a script.
    pub(crate) fn run(&self, script: &str, arguments: &[&str]) -> String {
        let output = self
            .command(OURS)
            .arg(script)
            .args(arguments)
            .output()
            .unwrap();
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{error}");
        String::from_utf8(output.stdout).unwrap()
    }
}

impl CeleryWorker {
    pub(crate) fn notes(&self) -> Vec<Note> {
        let notes = std::fs::read_to_string(self.directory.join("notes")).unwrap_or_default();
        // The last line may not be there to its end.
        let lines = notes
            .split_inclusive('\n')
            .filter(|line| line.ends_with('\n'));
        lines
            .map(|line| serde_json::from_str(line).expect(line))
            .collect()
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.directory.join("celery.log")).unwrap()
    }

    /// Waits until its log has some words, and returns it.
    pub(crate) async fn until_logged(&self, words: &str) -> String {
        for _ in 0..1200 {
            let log = self.log();
            if log.contains(words) {
                return log;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("{}", self.log());
    }

    /// Waits for so many runs.
    pub(crate) async fn until(&self, runs: usize) -> Vec<Note> {
        for _ in 0..1200 {
            let notes = self.notes();
            if notes.len() >= runs {
                return notes;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!(
            "{} of {runs} tasks have run: {}",
            self.notes().len(),
            self.log()
        );
    }
}

impl Drop for CeleryWorker {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

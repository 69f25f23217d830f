//! A process that stores jobs and runs them is killed, right after a COMMIT or at any other time, again and again.

use std::io::{BufRead as _, BufReader};
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::ensure;
use commit_on_success::jobs::Job;
use commit_on_success::{commit_on_success, defer, enqueue};
use commit_on_success_worker::{Context, Handlers, Settings, Worker};
use serde::{Deserialize, Serialize};
use sqlx::{AssertSqlSafe, PgPool, SqlitePool};

use crate::faults::{Chance, Tally, cases};
use crate::scene::{Scene, Store, on_each_database, postgres_pool, sqlite_pool};

/// The variable for the tables of a process that is to be killed.
const LOCATION: &str = "COMMIT_ON_SUCCESS_VICTIM";
/// The variable for the number of its first transaction.
const FIRST: &str = "COMMIT_ON_SUCCESS_VICTIM_FIRST";
/// The variable for the way in which its handlers end their jobs.
const ENDING: &str = "COMMIT_ON_SUCCESS_VICTIM_ENDING";

/// The two ways in which a job is completed.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Ending {
    /// The worker, when the handler has returned: its effect can happen twice.
    Worker,
    /// The handler's own transaction.
    Handler,
}

#[derive(Serialize, Deserialize)]
struct Effect {
    number: i64,
}

impl Job for Effect {
    const KIND: &'static str = "effect";
}

/// A store whose transactions store jobs and are what handlers do.
trait Kills: Store {
    /// The database, in the table of faults.
    const NAME: &'static str;

    /// Stores a thing and a job for it, unless its number says that it fails.
    fn store_thing(&self, number: i64) -> impl Future<Output = anyhow::Result<()>> + Send;

    /// Has the effect of a job.
    fn take_effect(
        self,
        context: Context,
        job: Effect,
        ending: Ending,
    ) -> impl Future<Output = anyhow::Result<()>> + Send;
}

macro_rules! kills {
    ($pool:ty, $name:literal) => {
        impl Kills for $pool {
            const NAME: &'static str = $name;

            async fn store_thing(&self, number: i64) -> anyhow::Result<()> {
                #[commit_on_success(tx = pool)]
                async fn store_thing(pool: &$pool, number: i64) -> anyhow::Result<()> {
                    let sql = format!("INSERT INTO thing VALUES ({number})");
                    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut *tx).await?;
                    enqueue!(tx, Effect { number }).await?;
                    defer!(eprintln!("{number}"));
                    ensure!(number % 5 != 0, "it is one that fails");
                    Ok(())
                }
                store_thing(self, number).await
            }

            async fn take_effect(
                self,
                context: Context,
                job: Effect,
                ending: Ending,
            ) -> anyhow::Result<()> {
                #[commit_on_success(tx = pool)]
                async fn take_effect(
                    pool: $pool,
                    context: Context,
                    job: Effect,
                    ending: Ending,
                ) -> anyhow::Result<()> {
                    let sql = format!("INSERT INTO effect VALUES ({})", job.number);
                    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut *tx).await?;
                    if ending == Ending::Handler {
                        context.complete(tx).await?;
                    }
                    Ok(())
                }
                take_effect(self, context, job, ending).await
            }
        }
    };
}

kills!(SqlitePool, "sqlite-wal");
kills!(PgPool, "postgres");

fn handlers<P: Kills>(pool: &P, ending: Ending) -> Handlers {
    let pool = pool.clone();
    Handlers::new()
        .handle(move |context, job: Effect| pool.clone().take_effect(context, job, ending))
}

/// The process that the tests of this file kill, by which it is told where; without that it has nothing to do.
#[test]
fn victim() {
    let Ok(location) = std::env::var(LOCATION) else {
        return;
    };
    let first = std::env::var(FIRST).unwrap().parse().unwrap();
    let ending = match std::env::var(ENDING).unwrap().as_str() {
        "Handler" => Ending::Handler,
        _ => Ending::Worker,
    };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        if location.contains("://") {
            live(postgres_pool(&location).await, first, ending).await;
        } else {
            live(sqlite_pool(&location).await, first, ending).await;
        }
    });
}

/// Stores things and runs their jobs, until it is killed.
async fn live<P: Kills>(pool: P, first: i64, ending: Ending) {
    let handlers = handlers(&pool, ending);
    let _worker = Worker::start(pool.clone(), handlers, &Settings::default())
        .await
        .unwrap();
    for number in first.. {
        let stored = pool.store_thing(number).await;
        assert_eq!(stored.is_ok(), number % 5 != 0, "{stored:?}");
    }
}

/// The moment at which a process is killed.
#[derive(Clone, Copy)]
struct Moment {
    /// The number of transactions that it says to have committed before.
    transactions: u64,
    /// The time that it has then.
    pause: Duration,
}

impl Moment {
    /// Half of them at once, while the line that was read last is the newest.
    fn choose(chance: &mut Chance) -> Self {
        Self {
            transactions: 1 + chance.below(24),
            pause: Duration::from_micros(chance.below(2) * chance.below(8000)),
        }
    }
}

/// Starts a process, kills it, and returns the number of the last transaction that it said to have committed.
fn kill_one(location: &str, first: i64, ending: Ending, moment: Moment) -> i64 {
    let mut process = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "process_death::victim", "--nocapture"])
        .envs([
            (LOCATION, location),
            (FIRST, &first.to_string()),
            (ENDING, &format!("{ending:?}")),
        ])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(process.stderr.take().unwrap()).lines();
    let mut said = Vec::new();
    for _ in 0..moment.transactions {
        let line = lines.next().expect("it has ended by itself").unwrap();
        said.push(line.parse::<i64>().expect(&line));
    }
    std::thread::sleep(moment.pause);
    process.kill().unwrap();
    assert_eq!(
        process.wait().unwrap().signal(),
        Some(9),
        "it has ended before it was killed"
    );
    // The last line may be cut off.
    said.extend(
        lines
            .map_while(Result::ok)
            .filter_map(|line| line.parse::<i64>().ok()),
    );
    said.into_iter().max().unwrap()
}

/// Has a worker do what the dead ones have left.
async fn catch_up<P: Kills>(scene: &Scene<P>, ending: Ending) {
    scene.pool.pass_an_hour().await;
    let settings = Settings::default()
        .job_timeout(Duration::from_secs(1))
        .rescue_after(Duration::from_secs(1));
    let worker = Worker::start(scene.pool.clone(), handlers(&scene.pool, ending), &settings)
        .await
        .unwrap();
    for _ in 0..3000 {
        if scene.count("running").await + scene.count("available").await == 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    worker.shutdown().await.unwrap();
    scene.pool.pass_an_hour().await;
    Worker::drain(&scene.pool, &handlers(&scene.pool, ending))
        .await
        .unwrap();
}

async fn kill_many<P: Kills>(scene: Scene<P>, ending: Ending) {
    let scene = scene.migrated().await;
    scene
        .pool
        .run("CREATE TABLE thing (number bigint PRIMARY KEY); CREATE TABLE effect (number bigint)")
        .await;
    let completing = match ending {
        Ending::Worker => "the worker",
        Ending::Handler => "the handlers",
    };
    let kind = format!(
        "process killed that runs jobs, completed by {completing}, {}",
        P::NAME
    );
    let mut chance = Chance::of(&kind);
    let mut tally = Tally::new(kind);
    let mut first = 1;
    for _ in 0..cases(12) {
        let (location, moment) = (scene.location.clone(), Moment::choose(&mut chance));
        let killed =
            tokio::task::spawn_blocking(move || kill_one(&location, first, ending, moment));
        let last = killed.await.unwrap();
        tally.inject();
        let stored = format!("SELECT count(*) FROM thing WHERE number = {last}");
        tally.promise(scene.pool.number(&stored).await == 1, || {
            format!("{last} was committed and is not there")
        });
        // One of the next two may have been committed too, and not said so.
        first = last + 10 - last % 5;
    }
    catch_up(&scene, ending).await;
    judge(&scene, ending, &mut tally).await;
    tally.publish();
}

/// Holds what has run against what is stored.
async fn judge<P: Kills>(scene: &Scene<P>, ending: Ending, tally: &mut Tally) {
    let number = async |sql| u64::try_from(scene.pool.number(sql).await).unwrap();
    let things = number("SELECT count(*) FROM thing").await;
    let twice = number("SELECT count(*) - count(DISTINCT number) FROM effect").await;
    for (sql, broken) in [
        (
            "SELECT count(*) FROM thing WHERE number NOT IN (SELECT number FROM effect)",
            "jobs are lost",
        ),
        (
            "SELECT count(*) FROM effect WHERE number NOT IN (SELECT number FROM thing)",
            "jobs ran without their row",
        ),
        (
            "SELECT count(*) FROM river_job WHERE state <> 'completed'",
            "jobs are not completed",
        ),
    ] {
        let jobs = number(sql).await;
        tally.promise(jobs == 0, || format!("{jobs} {broken}"));
    }
    tally.promise(ending == Ending::Worker || twice == 0, || {
        format!("{twice} effects happened twice")
    });
    tally.add("transactions", things);
    tally.add(
        "jobs tried again",
        number("SELECT count(*) FROM river_job WHERE attempt > 1").await,
    );
    tally.add("effects that happened twice", twice);
}

async fn no_job_is_lost_and_none_runs_without_its_row<P: Kills>(scene: Scene<P>) {
    kill_many(scene, Ending::Worker).await;
}

async fn what_completes_its_job_itself_happens_once<P: Kills>(scene: Scene<P>) {
    kill_many(scene, Ending::Handler).await;
}

on_each_database! {
    no_job_is_lost_and_none_runs_without_its_row,
    what_completes_its_job_itself_happens_once,
}

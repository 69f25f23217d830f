//! Random programs of a handle, and a model that says what has to come of each: statements, streams and blocks, one after the
//! other and beside each other, some of them dropped, some in other tasks.

use std::collections::{BTreeMap, BTreeSet};
use std::pin::Pin;
use std::sync::{Arc, Mutex};

use commit_on_success::{defer, transaction};
use commit_on_success_tests::polling::drop_at_pending;
use futures_util::future::join_all;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use super::{Handle, driver, execute, insert, insert_between, pool_of_two, rows};
use crate::dialect;
use crate::support::Failure;

/// The number of programs, and the seed that they are made of.
fn cases() -> (u32, u64) {
    let number = |name, default| match std::env::var(name) {
        Ok(text) => text.parse().unwrap(),
        Err(_) => default,
    };
    let cases = number("COMMIT_ON_SUCCESS_PROGRAMS", 150);
    let seed = number("COMMIT_ON_SUCCESS_SEED", u64::from(std::process::id()));
    (u32::try_from(cases).unwrap(), seed)
}

/// A step of a body. Rows, calls and blocks are told apart by numbers.
#[derive(Clone, Debug)]
enum Step {
    Insert(i64),
    /// Reads rows, and writes one while they are read.
    Stream(i64),
    Defer(i64),
    Block(Block),
    /// A block that is dropped after it has waited so many times.
    DropBlock(Block, usize),
    /// A statement that is.
    DropInsert(i64, usize),
    Beside(Vec<Vec<Step>>),
    /// Reads in another task.
    Spawn,
}

#[derive(Clone, Debug)]
struct Block {
    number: i64,
    steps: Vec<Step>,
    end: End,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Succeeds,
    Fails,
    /// With the error of a statement.
    Violates,
}

fn step() -> impl Strategy<Value = Step> {
    let leaf = prop_oneof![
        6 => Just(Step::Insert(0)),
        2 => Just(Step::Stream(0)),
        2 => Just(Step::Defer(0)),
        1 => Just(Step::Spawn),
        1 => (0..6_usize).prop_map(|waits| Step::DropInsert(0, waits)),
    ];
    leaf.prop_recursive(4, 40, 5, |step| {
        let steps = prop::collection::vec(step, 1..5);
        let block = || {
            let end = prop_oneof![4 => Just(End::Succeeds), 1 => Just(End::Fails), 1 => Just(End::Violates)];
            (steps.clone(), end).prop_map(|(steps, end)| Block { number: 0, steps, end })
        };
        prop_oneof![
            5 => block().prop_map(Step::Block),
            1 => (block(), 0..9_usize).prop_map(|(block, waits)| Step::DropBlock(block, waits)),
            3 => prop::collection::vec(steps.clone(), 2..4).prop_map(Step::Beside),
        ]
    })
}

/// Gives numbers to steps, and takes out what a database cannot keep.
fn number(steps: &mut Vec<Step>, next: &mut i64) {
    if std::any::type_name::<dialect::Db>().contains("MySql") {
        // Its connections are out of step after a statement that was dropped.
        steps.retain(|step| !matches!(step, Step::DropInsert(..) | Step::DropBlock(..)));
    }
    for step in steps {
        *next += 1;
        match step {
            Step::Insert(id) | Step::Stream(id) | Step::Defer(id) | Step::DropInsert(id, _) => {
                *id = *next;
            }
            Step::Block(block) | Step::DropBlock(block, _) => {
                block.number = *next;
                number(&mut block.steps, next);
            }
            Step::Beside(branches) => {
                for branch in branches {
                    number(branch, next);
                }
            }
            Step::Spawn => {}
        }
    }
}

/// All that is seen of a program while it runs.
struct World {
    handle: Handle,
    /// The results of blocks, and of statements that might have been dropped, that have ended.
    ended: Mutex<BTreeMap<i64, bool>>,
    called: Arc<Mutex<BTreeSet<i64>>>,
}

type Running<'w, T> = Pin<Box<dyn Future<Output = Result<T, Failure>> + Send + 'w>>;

impl World {
    fn note(&self, number: i64, succeeded: bool) {
        self.ended.lock().unwrap().insert(number, succeeded);
    }

    fn run_block<'w>(&'w self, block: &'w Block) -> Running<'w, ()> {
        Box::pin(async move {
            let ended: Result<(), Failure> = transaction!(async tx = &self.handle => {
                self.run_all(&block.steps).await?;
                match block.end {
                    End::Succeeds => Ok(()),
                    End::Fails => Err(Failure::body("fails")),
                    End::Violates => Ok(execute(tx, "INSERT INTO no_such_table VALUES (1)").await?),
                }
            });
            if let Err(error) = &ended {
                println!("{}: {error:?}", block.number);
            }
            self.note(block.number, ended.is_ok());
            ended
        })
    }

    fn run_all<'w>(&'w self, steps: &'w [Step]) -> Running<'w, ()> {
        Box::pin(async move {
            for step in steps {
                self.run(step).await?;
            }
            Ok(())
        })
    }

    async fn run(&self, step: &Step) -> Result<(), Failure> {
        match step {
            Step::Insert(id) => insert(&self.handle, *id).await?,
            Step::Stream(id) => insert_between(&self.handle, *id).await?,
            Step::Defer(id) => {
                let (called, id) = (Arc::clone(&self.called), *id);
                defer! { called.lock().unwrap().insert(id); }
            }
            // What becomes of it is looked at in the end.
            Step::Block(block) => drop(self.run_block(block).await),
            Step::DropBlock(block, waits) => {
                drop_at_pending(self.run_block(block), *waits).await;
            }
            Step::DropInsert(id, waits) => {
                let sent = drop_at_pending(insert(&self.handle, *id), *waits).await;
                if let Some(sent) = sent {
                    self.note(*id, sent.is_ok());
                }
            }
            Step::Beside(branches) => {
                let branches = branches.iter().map(|steps| self.run_all(steps));
                for ended in join_all(branches).await {
                    ended?;
                }
            }
            Step::Spawn => {
                let handle = self.handle.clone();
                let seen = tokio::spawn(async move { rows(&handle).await }).await;
                assert_eq!(seen.unwrap()?, [0; 0], "of a transaction that is open");
            }
        }
        Ok(())
    }
}

/// What has to be there of steps, and what may.
#[derive(Default)]
struct Expected {
    rows: BTreeSet<i64>,
    perhaps: BTreeSet<i64>,
    calls: BTreeSet<i64>,
}

impl Expected {
    fn of(&mut self, steps: &[Step], ended: &BTreeMap<i64, bool>) {
        for step in steps {
            match step {
                Step::Insert(id) | Step::Stream(id) => drop(self.rows.insert(*id)),
                Step::Defer(id) => drop(self.calls.insert(*id)),
                Step::DropInsert(id, _) => match ended.get(id) {
                    Some(true) => drop(self.rows.insert(*id)),
                    _ => drop(self.perhaps.insert(*id)),
                },
                Step::Block(block) | Step::DropBlock(block, _) => {
                    if ended.get(&block.number) == Some(&true) {
                        self.of(&block.steps, ended);
                    }
                }
                Step::Beside(branches) => {
                    for branch in branches {
                        self.of(branch, ended);
                    }
                }
                Step::Spawn => {}
            }
        }
    }
}

/// Whether a block somewhere in the steps may be left half done, after which only a rollback is possible; and on PostgreSQL the rollback of
/// a block around it may meet the error of a statement that was dropped, so that the one around that can only be rolled back as well.
fn may_doom(steps: &[Step]) -> bool {
    steps.iter().any(|step| match step {
        Step::DropBlock(..) => true,
        Step::Block(block) => may_doom(&block.steps),
        Step::Beside(branches) => branches.iter().any(|branch| may_doom(branch)),
        _ => false,
    })
}

/// Blocks end as they were to, unless one may have been left half done in them or around them.
fn check(block: &Block, ended: &BTreeMap<i64, bool>, doomed: bool) {
    let doomed = doomed || may_doom(&block.steps);
    let ended_well = ended.get(&block.number) == Some(&true);
    if block.end == End::Succeeds {
        assert!(ended_well || doomed, "{} has failed", block.number);
    } else {
        assert!(!ended_well, "{} has not failed", block.number);
    }
    check_all(&block.steps, ended, doomed);
}

fn check_all(steps: &[Step], ended: &BTreeMap<i64, bool>, doomed: bool) {
    for step in steps {
        match step {
            Step::Block(block) => check(block, ended, doomed),
            Step::DropBlock(block, _) => check(block, ended, true),
            Step::Beside(branches) => {
                for branch in branches {
                    check_all(branch, ended, doomed);
                }
            }
            _ => {}
        }
    }
}

async fn run(handle: &Handle, program: &Block) {
    let world = World {
        handle: handle.clone(),
        ended: Mutex::default(),
        called: Arc::default(),
    };
    let _ = world.run_block(program).await;
    let ended = world.ended.into_inner().unwrap();
    check(program, &ended, false);
    let mut expected = Expected::default();
    expected.of(&[Step::Block(program.clone())], &ended);
    let stored: BTreeSet<i64> = rows(handle).await.unwrap().into_iter().collect();
    assert!(
        expected.rows.is_subset(&stored),
        "{:?} of {stored:?}",
        expected.rows
    );
    let surplus: BTreeSet<_> = stored.difference(&expected.rows).copied().collect();
    assert!(surplus.is_subset(&expected.perhaps), "{surplus:?} too many");
    assert_eq!(*world.called.lock().unwrap(), expected.calls);
    execute(handle, "DELETE FROM item").await.unwrap();
}

#[crate::driver::test]
async fn random_programs_do_what_the_model_says() {
    let db = driver::open().await;
    let handle = pool_of_two(&db).await;
    let (cases, seed) = cases();
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let random = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let mut runner = TestRunner::new_with_rng(Config::default(), random);
    let steps = prop::collection::vec(step(), 1..6);
    for case in 0..cases {
        let mut steps = steps.new_tree(&mut runner).unwrap().current();
        number(&mut steps, &mut 1);
        let program = Block {
            number: 1,
            steps,
            end: End::Succeeds,
        };
        println!("COMMIT_ON_SUCCESS_SEED={seed}, program {case}: {program:?}");
        run(&handle, &program).await;
    }
}

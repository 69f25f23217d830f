//! All cells of the table: what can be scripted, wherever a block is and however it ends.

use super::cells::{After, Calls, Cell, End, Level, Place};
use crate::scripted::{Answer, Flavour, Step};

const ENDS: [End; 8] = [
    End::Ok,
    End::SetRollback,
    End::Err,
    End::Transient,
    End::TransientOnce,
    End::Deadlock,
    End::Panic,
    End::Dropped,
];

const BEGINS: [Answer; 7] = [
    Answer::Failed,
    Answer::HalfDone,
    Answer::Conflict,
    Answer::Disconnected,
    Answer::Panic,
    Answer::Never,
    Answer::NeverButDone,
];

const COMMITS: [Answer; 12] = [
    Answer::Refused,
    Answer::HalfDone,
    Answer::Conflict,
    Answer::Aborted,
    Answer::RolledBack,
    Answer::Deadlock,
    Answer::Ended,
    Answer::Lost,
    Answer::LostButDone,
    Answer::Panic,
    Answer::Never,
    Answer::NeverButDone,
];

const REFUSALS: [Answer; 3] = [Answer::Refused, Answer::Conflict, Answer::Aborted];

const ROLLBACKS: [Answer; 7] = [
    Answer::Failed,
    Answer::HalfDone,
    Answer::Ended,
    Answer::Disconnected,
    Answer::Panic,
    Answer::Never,
    Answer::NeverButDone,
];

type Script = Vec<(Step, Answer)>;

/// Each answer to a step, after what is scripted before it.
fn answered<'s>(
    before: &'s [(Step, Answer)],
    step: Step,
    answers: &'s [Answer],
) -> impl Iterator<Item = Script> + 's {
    answers
        .iter()
        .map(move |&answer| [before, &[(step, answer)]].concat())
}

/// The end of a block: its commit, its rollback, and a rollback after a commit that was refused.
fn ends(commit: Step, rollback: Step) -> Vec<Script> {
    let mut scripts: Vec<Script> = answered(&[], commit, &COMMITS).collect();
    scripts.extend(answered(&[], rollback, &ROLLBACKS));
    for refusal in REFUSALS {
        scripts.extend(answered(&[(commit, refusal)], rollback, &ROLLBACKS));
        scripts.push(vec![(commit, refusal); 2]);
        scripts.push(vec![(commit, refusal); 3]);
    }
    scripts.extend(answered(&[(commit, Answer::Panic)], rollback, &ROLLBACKS));
    for again in [Answer::Failed, Answer::Ended, Answer::Disconnected] {
        scripts.push(vec![(rollback, Answer::Panic), (rollback, again)]);
    }
    scripts
}

/// The first step of a block, and that of its second attempt.
fn begins() -> Vec<Script> {
    const SECOND: (Step, Answer) = (Step::Begin, Answer::Done);
    let mut scripts: Vec<Script> = answered(&[], Step::Begin, &BEGINS).collect();
    scripts.extend(answered(&[SECOND], Step::Begin, &BEGINS));
    let refused = [(Step::Commit, Answer::Conflict), SECOND];
    scripts.extend(answered(&refused, Step::Begin, &BEGINS));
    scripts.push(vec![(Step::Begin, Answer::Conflict); 3]);
    scripts
}

fn acquired(before: &[(Step, Answer)]) -> Vec<Script> {
    let answers = [
        Answer::Failed,
        Answer::Conflict,
        Answer::Panic,
        Answer::Never,
    ];
    answered(before, Step::Acquire, &answers).collect()
}

fn scripts(level: Level) -> Vec<Script> {
    let outermost = || ends(Step::Commit, Step::Rollback);
    let inside = || {
        let savepoints = answered(&[], Step::Savepoint, &BEGINS);
        let mut scripts = ends(Step::Release, Step::RollbackTo);
        scripts.extend(savepoints);
        scripts
    };
    let mut scripts = match level {
        Level::Outermost => [acquired(&[]), begins(), outermost()].concat(),
        Level::Foreign => [acquired(&[]), inside()].concat(),
        Level::Joined => [acquired(&[(Step::Acquire, Answer::Done)]), outermost()].concat(),
        Level::Nested => {
            let doomed = [(Step::RollbackTo, Answer::Failed)];
            let doomed = answered(&doomed, Step::Rollback, &ROLLBACKS).collect();
            let acquired = acquired(&[(Step::Acquire, Answer::Done)]);
            [acquired, inside(), doomed, outermost()].concat()
        }
    };
    scripts.push(Script::new());
    scripts
}

/// Each combination that makes sense.
#[must_use]
pub fn cells(flavour: Flavour) -> Vec<Cell> {
    let mut cells = Vec::new();
    for level in [
        Level::Outermost,
        Level::Nested,
        Level::Joined,
        Level::Foreign,
    ] {
        for script in scripts(level) {
            for end in ENDS {
                cells.extend(variants(flavour, level, end, &script));
            }
        }
    }
    cells.retain(Cell::makes_sense);
    cells
}

fn variants(flavour: Flavour, level: Level, end: End, script: &Script) -> Vec<Cell> {
    let mut cells = Vec::new();
    for (place, attempts) in [
        (Place::Lent, 1),
        (Place::Lent, 3),
        (Place::Owned, 1),
        (Place::Owned, 3),
    ] {
        for after in [After::Passes, After::GoesOn, After::Fails] {
            for (calls, undoes) in [
                (Calls::Some, false),
                (Calls::Some, true),
                (Calls::None, false),
                (Calls::None, true),
            ] {
                cells.push(Cell {
                    flavour,
                    place,
                    level,
                    attempts,
                    end,
                    after,
                    calls,
                    undoes,
                    script: script.clone(),
                });
            }
        }
    }
    cells
}

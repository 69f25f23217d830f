//! Answers in the place of the server, and what they have to be taken for.

use std::sync::Arc;

use commit_on_success::Outcome;
use commit_on_success_tests::answering::{Answer, AnsweringProxy, Fate};

use crate::direct::Direct;
use crate::drivers::{Driver, ON_MYSQL, ON_POSTGRES, Place, Sessions};
use crate::stage::Stage;
use crate::story::{Body, Found, Told};

/// The meaning of an answer to `COMMIT`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Meaning {
    /// Nothing is stored.
    Refused,
    /// Nothing is stored, and another attempt is worth it.
    Transient,
    /// The transaction is open, and has failed. Whoever then rolls it back finds that it is not there any more.
    Failed,
    /// Nobody knows.
    InDoubt,
    /// Nothing is stored, as `COMMIT` was never run.
    TooLate,
    /// Everything is stored.
    Stored,
}

use Meaning::{Failed, InDoubt, Refused, Stored, TooLate, Transient};

const fn says(severity: &'static str, code: &'static str) -> Answer {
    Answer::Postgres { severity, code }
}

const OF_POSTGRES: &[(Answer, Meaning)] = &[
    // pgcat, when it has lost its server.
    (says("FATAL", "58000"), InDoubt),
    (says("FATAL", "08006"), InDoubt),
    // pgbouncer, when it has.
    (says("FATAL", "08P01"), InDoubt),
    (says("FATAL", "57P01"), InDoubt),
    (says("FATAL", "57P02"), InDoubt),
    (says("FATAL", "57P03"), InDoubt),
    (says("FATAL", "40001"), InDoubt),
    (says("FATAL", "23505"), InDoubt),
    (says("FATAL", "25P03"), TooLate),
    (says("PANIC", "XX000"), InDoubt),
    (Answer::Silence, InDoubt),
    (says("ERROR", "40001"), Transient),
    (says("ERROR", "40P01"), Transient),
    (says("ERROR", "25P02"), Failed),
    (says("ERROR", "23505"), Refused),
    (says("ERROR", "23503"), Refused),
    // A server behind the server.
    (says("ERROR", "08006"), Refused),
    (says("ERROR", "57P01"), Refused),
    (says("ERROR", "58030"), Refused),
    (says("ERROR", "XX000"), Refused),
    (Answer::Notice, Stored),
];

const fn error(number: u16, state: &'static str) -> Answer {
    Answer::MySql { number, state }
}

const OF_MYSQL: &[(Answer, Meaning)] = &[
    // ProxySQL, when it has lost its server, or finds none.
    (error(9001, "HY000"), InDoubt),
    (error(2013, "HY000"), InDoubt),
    (error(2006, "HY000"), InDoubt),
    (error(1045, "28000"), InDoubt),
    (error(1105, "HY000"), InDoubt),
    (error(1305, "42000"), InDoubt),
    (Answer::Silence, InDoubt),
    (error(1213, "40001"), Transient),
    (error(1020, "HY000"), Transient),
    (error(1180, "HY000"), Refused),
    (error(1792, "25006"), Refused),
    (error(3101, "40000"), Refused),
];

/// diesel hides severities, and nearly all codes: an error that could be a refusal may be in doubt.
fn hides(driver: &Driver) -> bool {
    driver.name.starts_with("diesel")
}

fn settles(driver: &Driver) -> bool {
    driver.name.ends_with("settling")
}

/// The sync `postgres` looks at its connection first, and may find it closed before it has read the last words.
fn may_miss(driver: &Driver) -> bool {
    driver.name == "postgres"
}

/// sea-orm ends an empty transaction of its own after each, when nobody waits for it, and that may have met the answer.
fn is_missed(driver: &Driver, found: &Found) -> bool {
    let is_stored = found.told == Told::Of(Outcome::Committed) && found.rows == [1, 1];
    driver.name.starts_with("sea-orm") && is_stored
}

fn is_expected(driver: &Driver, meaning: Meaning, fate: Fate, found: &Found) -> bool {
    const UNKNOWN: Told = Told::Of(Outcome::Unknown);
    const UNDONE: Told = Told::Of(Outcome::RolledBack);
    let truth = match fate {
        Fate::Stored => Outcome::Committed,
        Fate::Undone => Outcome::RolledBack,
    };
    let told = found.told;
    let hidden = hides(driver) && told == UNKNOWN;
    if is_missed(driver, found) {
        return true;
    }
    match meaning {
        Refused => found.bodies == 1 && (told == UNDONE || hidden),
        Transient if hides(driver) => [1, 2].contains(&found.bodies),
        Failed if found.bodies == 1 => told == UNDONE || told == UNKNOWN,
        Transient | Failed => found.bodies == 2 && found.rows == [1, 1],
        InDoubt if settles(driver) => found.bodies == 1 && told == Told::Of(truth),
        InDoubt => found.bodies == 1 && told == UNKNOWN,
        TooLate => {
            let is_missed = may_miss(driver) && told == UNKNOWN;
            found.bodies == 1 && (told == UNDONE || hidden || is_missed)
        }
        Stored => found.bodies == 1 && told == Told::Of(Outcome::Committed),
    }
}

/// The ends that a transaction may have had whose `COMMIT` is answered so.
fn fates(meaning: Meaning) -> &'static [Fate] {
    match meaning {
        Refused | Transient | Failed | TooLate => &[Fate::Undone],
        Stored => &[Fate::Stored],
        InDoubt => &[Fate::Stored, Fate::Undone],
    }
}

/// Each driver behind a proxy of its own.
fn behind_proxies(
    mut stage: Stage,
    drivers: &[Driver],
    mut then: impl FnMut(&mut Stage, &Driver, &Arc<AnsweringProxy>, &Place),
) {
    let address = stage.direct.address.clone();
    for driver in drivers {
        let proxy = stage.runtime.block_on(AnsweringProxy::to(&address));
        let proxy = Arc::new(proxy.unwrap());
        let place = stage.open(driver, &address.at(proxy.port()), Sessions::Own);
        then(&mut stage, driver, &proxy, &place);
    }
    stage.publish();
}

fn try_all(stage: Stage, drivers: &[Driver], answers: &[(Answer, Meaning)]) {
    behind_proxies(stage, drivers, |stage, driver, proxy, place| {
        for (answer, meaning) in answers {
            for fate in fates(*meaning) {
                proxy.answer(*answer, *fate);
                let found = stage.run(place, Body::Succeeds);
                assert_eq!(proxy.take_answered(), 1, "{}, {answer:?}", driver.name);
                stage.judge((answer, fate), driver, place, &found, |found| {
                    is_expected(driver, *meaning, *fate, found)
                });
            }
        }
    });
}

/// Every attempt fails, and there are as many as were asked for; a single one where a driver hides that another is
/// worth it.
fn try_to_the_end(stage: Stage, drivers: &[Driver], answer: Answer) {
    behind_proxies(stage, drivers, |stage, driver, proxy, place| {
        let each = Arc::clone(proxy);
        let meanwhile = Arc::new(move || each.answer(answer, Fate::Undone));
        let found = stage.run_while(place, Body::Succeeds, meanwhile);
        assert_eq!(proxy.take_answered(), found.bodies, "{}", driver.name);
        stage.judge(answer, driver, place, &found, |found| {
            let is_last = found.bodies == 3 || hides(driver) && found.bodies == 1;
            let is_hidden = hides(driver) && found.told == Told::Of(Outcome::Unknown);
            is_last && (found.told == Told::Of(Outcome::RolledBack) || is_hidden)
        });
    });
}

#[commit_on_success_test_macros::sync_server_test]
fn an_answer_in_the_place_of_postgresql_is_taken_for_what_it_says() {
    try_all(Stage::of(Direct::postgres()), ON_POSTGRES, OF_POSTGRES);
}

#[commit_on_success_test_macros::sync_server_test]
fn an_answer_in_the_place_of_mysql_is_taken_for_what_it_says() {
    try_all(Stage::of(Direct::mysql()), ON_MYSQL, OF_MYSQL);
}

#[commit_on_success_test_macros::sync_server_test]
fn an_answer_of_postgresql_that_comes_message_by_message_is_taken_in() {
    let stage = Stage::of(Direct::postgres());
    behind_proxies(stage, ON_POSTGRES, |stage, driver, proxy, place| {
        proxy.pause_between_messages();
        let found = stage.run(place, Body::Succeeds);
        stage.judge("a slow network", driver, place, &found, |found| {
            found.told == Told::Of(Outcome::Committed)
        });
    });
}

#[commit_on_success_test_macros::sync_server_test]
fn a_commit_on_postgresql_that_always_conflicts_is_given_up_after_all_attempts() {
    try_to_the_end(
        Stage::of(Direct::postgres()),
        ON_POSTGRES,
        says("ERROR", "40001"),
    );
}

#[commit_on_success_test_macros::sync_server_test]
fn a_commit_on_mysql_that_always_conflicts_is_given_up_after_all_attempts() {
    try_to_the_end(Stage::of(Direct::mysql()), ON_MYSQL, error(1213, "40001"));
}

/// sea-orm ends a transaction of its own then, in which there is nothing.
#[commit_on_success_test_macros::sync_server_test]
fn a_second_commit_that_is_not_answered_takes_nothing_back() {
    let stage = Stage::of(Direct::postgres());
    behind_proxies(stage, ON_POSTGRES, |stage, driver, proxy, place| {
        for answer in [
            says("FATAL", "58000"),
            says("ERROR", "40001"),
            Answer::Silence,
        ] {
            proxy.answer(Answer::OfTheServer, Fate::Stored);
            proxy.answer(answer, Fate::Undone);
            let found = stage.run(place, Body::Succeeds);
            assert!(proxy.take_answered() > 0, "{}", driver.name);
            stage.judge(answer, driver, place, &found, |found| {
                found.bodies == 1 && found.told == Told::Of(Outcome::Committed)
            });
        }
    });
}

//! Settings for one transaction of PostgreSQL, through each of its drivers.
#![allow(missing_docs, reason = "a test program")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a failed test says where"
)]

#[path = "settings_postgres/act.rs"]
mod act;
#[path = "settings_postgres/drivers.rs"]
mod drivers;
#[path = "settings_postgres/stage.rs"]
mod stage;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use act::{Act, End, Inner, Settings};
use commit_on_success::{Error, ErrorKind, Outcome};
use commit_on_success_tests::errors::assert_unsupported;
use commit_on_success_tests::polling::drop_at_pending;
use drivers::Subject;
use stage::{Stage, Strings};

const TIMEOUTS: &str = "5s 1234ms";
const NO_TIMEOUTS: &str = "0 0";

#[track_caller]
fn refusal(ran: anyhow::Result<()>) -> Error {
    ran.unwrap_err().downcast().unwrap()
}

/// Each driver on a stage of its own, where there is a server.
macro_rules! on_each_driver {
    ($($test:ident),* $(,)?) => {
        on_each_driver! { @
            [sqlx_pool sqlx_connection sea_orm_pool tokio_postgres_client deadpool_pool postgres_pool diesel_pool
             diesel_connection diesel_async_pool]
            [$($test)*]
        }
    };
    (@ [$($driver:ident)*] $tests:tt) => {
        $(on_each_driver! { @@ $driver $tests })*
    };
    (@@ $driver:ident [$($test:ident)*]) => {
        mod $driver {
            $(
                #[commit_on_success_test_macros::server_test(flavor = "multi_thread", worker_threads = 2)]
                async fn $test() {
                    let stage = crate::Stage::open("").await;
                    crate::$test::<crate::drivers::$driver::Driver>(&stage).await;
                }
            )*
        }
    };
}

on_each_driver!(
    what_is_set_is_read_back_as_it_is,
    nothing_is_left_for_the_next_user_after_any_end,
    nothing_is_left_after_a_drop_at_each_poll,
    a_nul_is_refused_before_anything_is_sent,
    a_setting_that_the_server_refuses_leaves_nothing_open,
    each_attempt_sends_them_again_and_evaluates_nothing_again,
    inside_of_a_block_they_are_refused_before_anything_is_sent,
    they_cost_no_message,
    they_go_together_with_the_options_of_begin,
    the_body_may_still_choose_its_isolation_level,
    a_list_is_a_list,
    what_the_last_user_has_left_open_is_not_taken_for_the_block,
    a_pragma_is_refused,
    in_a_test_they_are_in_force_in_their_block_alone,
);

async fn read_back<S: Subject>(stage: &Stage, count: usize) {
    let mut strings = Strings::new();
    for conforming in ["on", "off"] {
        let options = format!("-c standard_conforming_strings={conforming}");
        let subject = S::open(&stage.url(&options)).await;
        let values: Vec<_> = strings.by_ref().take(count / 2).collect();
        for value in &values {
            subject.run(Act::Set(value.clone(), End::Ok)).await.unwrap();
        }
        let expected: Vec<_> = values
            .into_iter()
            .map(|value| (value, TIMEOUTS.to_owned()))
            .collect();
        assert_eq!(stage.take("set").await, expected, "{conforming}");
    }
}

async fn what_is_set_is_read_back_as_it_is<S: Subject>(stage: &Stage) {
    read_back::<S>(stage, 300).await;
}

#[commit_on_success_test_macros::server_test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_strings_are_read_back_as_they_are() {
    let stage = Stage::open("").await;
    read_back::<drivers::sqlx_pool::Driver>(&stage, 10_000).await;
}

async fn assert_nothing_is_left<S: Subject>(subject: &S, stage: &Stage, when: &str) {
    subject.run(Act::Look).await.unwrap();
    let left = stage.take("left").await;
    assert_eq!(left, [(String::new(), NO_TIMEOUTS.to_owned())], "{when}");
}

async fn nothing_is_left_for_the_next_user_after_any_end<S: Subject>(stage: &Stage) {
    let subject = S::open(&stage.url("")).await;
    for end in [End::Ok, End::Err, End::TakesBack, End::Panics] {
        let ran = subject.run(Act::Set("seven".to_owned(), end)).await;
        assert_eq!(
            ran.is_ok(),
            matches!(end, End::Ok | End::TakesBack),
            "{ran:?}"
        );
        let stored = usize::from(end == End::Ok);
        assert_eq!(stage.take("set").await.len(), stored, "{end:?}");
        assert_nothing_is_left(&subject, stage, &format!("{end:?}")).await;
    }
}

async fn nothing_is_left_after_a_drop_at_each_poll<S: Subject>(stage: &Stage) {
    if !S::DROPS {
        return;
    }
    let subject = S::open(&stage.url("")).await;
    // How often there is something to wait for is a matter of luck, so it is tried until it was often enough.
    let (mut dropped, mut refused) = (0, 0);
    for _ in 0..200 {
        if dropped > 8 && (refused > 0 || S::MAY_CHOOSE) {
            break;
        }
        let mut pendings = 0;
        loop {
            let act = Act::Set(pendings.to_string(), End::Ok);
            let ran = drop_at_pending(subject.run(act), pendings).await;
            refused += usize::from(is_refused_once(&subject, stage).await);
            assert_nothing_is_left(&subject, stage, &pendings.to_string()).await;
            if let Some(ran) = ran {
                ran.unwrap();
                break;
            }
            pendings += 1;
        }
        dropped += pendings;
    }
    assert!(dropped > 8, "there is more to wait for: {dropped}");
    assert_eq!(refused > 0, !S::MAY_CHOOSE);
}

/// Whether the connection is one that could not be given up. Its owner is told, and sees to it.
async fn is_refused_once<S: Subject>(subject: &S, stage: &Stage) -> bool {
    let looked = subject.run(Act::Look).await;
    let left = stage.take("left").await;
    let is_refused = looked.is_err();
    assert!(left.iter().all(|left| left.0.is_empty()), "{left:?}");
    if is_refused {
        assert!(!S::MAY_CHOOSE);
        assert_eq!(refusal(looked).kind(), ErrorKind::Begin);
        subject.run(Act::Plain("ROLLBACK")).await.unwrap();
    }
    is_refused
}

async fn a_nul_is_refused_before_anything_is_sent<S: Subject>(stage: &Stage) {
    let (proxy, url) = stage.behind_proxy().await;
    let subject = S::open(&url).await;
    subject.run(Act::Look).await.unwrap();
    stage::rest().await;
    let sent = proxy.requests.arrived();
    let error = refusal(subject.run(Act::Set("a\0b".to_owned(), End::Ok)).await);
    assert_eq!(error.kind(), ErrorKind::Begin, "{error:?}");
    assert_eq!(error.outcome(), Outcome::RolledBack);
    let source = std::error::Error::source(&error).unwrap().to_string();
    assert_eq!(source, "the value of `app.tenant` has a NUL byte in it");
    assert_eq!(proxy.requests.arrived(), sent + S::CHECK);
}

async fn a_setting_that_the_server_refuses_leaves_nothing_open<S: Subject>(stage: &Stage) {
    let subject = S::open(&stage.url("")).await;
    for _ in 0..2 {
        let error = refusal(subject.run(Act::Refused).await);
        assert_eq!(error.kind(), ErrorKind::Begin, "{error:?}");
        subject
            .run(Act::Plain("DO $$ BEGIN ASSERT true; END $$"))
            .await
            .unwrap();
        assert_nothing_is_left(&subject, stage, "after a refusal").await;
    }
}

async fn each_attempt_sends_them_again_and_evaluates_nothing_again<S: Subject>(stage: &Stage) {
    let subject = S::open(&stage.url("")).await;
    let evaluated = Arc::new(AtomicUsize::new(0));
    let ran = subject.run(Act::Again(Arc::clone(&evaluated))).await;
    ran.unwrap();
    assert_eq!(evaluated.load(Ordering::Relaxed), 1);
    let seen = stage.take("set").await;
    assert_eq!(seen, [("1".to_owned(), TIMEOUTS.to_owned())]);
    assert_nothing_is_left(&subject, stage, "after two attempts").await;
}

async fn messages<S: Subject>(subject: &S, proxy: &stage::Proxy, act: Act) -> usize {
    // What is prepared once is, and a pool has its connection back.
    for _ in 0..3 {
        let _ = subject.run(act.clone()).await;
        stage::rest().await;
    }
    let before = proxy.requests.arrived();
    let _ = subject.run(act).await;
    stage::rest().await;
    proxy.requests.arrived() - before
}

async fn inside_of_a_block_they_are_refused_before_anything_is_sent<S: Subject>(stage: &Stage) {
    let (proxy, url) = stage.behind_proxy().await;
    let subject = S::open(&url).await;
    let least = messages(&subject, &proxy, Act::Inside(Inner::None)).await;
    for inner in [Inner::Nested, Inner::Joined, Inner::Durable] {
        let sent = messages(&subject, &proxy, Act::Inside(inner)).await;
        assert_eq!(sent, least, "{inner:?}");
        let error = refusal(subject.run(Act::Inside(inner)).await);
        let expected = match inner {
            Inner::Durable => ErrorKind::Durable,
            _ => ErrorKind::NestedOption,
        };
        assert_eq!(error.kind(), expected, "{error:?}");
        assert_eq!(error.outcome(), Outcome::RolledBack);
    }
    assert_nothing_is_left(&subject, stage, "after refusals").await;
}

async fn they_cost_no_message<S: Subject>(stage: &Stage) {
    let (proxy, url) = stage.behind_proxy().await;
    let subject = S::open(&url).await;
    let without = messages(&subject, &proxy, Act::Idle(Settings::Without)).await;
    let with = messages(&subject, &proxy, Act::Idle(Settings::With)).await;
    println!("{with} messages with a setting, {without} without");
    assert!(without >= 2);
    assert_eq!(with, without + S::COST);
}

async fn they_go_together_with_the_options_of_begin<S: Subject>(stage: &Stage) {
    let subject = S::open(&stage.url("")).await;
    subject.run(Act::Serializable).await.unwrap();
    assert_nothing_is_left(&subject, stage, "with options").await;
}

async fn the_body_may_still_choose_its_isolation_level<S: Subject>(stage: &Stage) {
    let subject = S::open(&stage.url("")).await;
    let chosen = subject.run(Act::ChoosesLevel).await;
    assert_eq!(chosen.is_ok(), S::MAY_CHOOSE, "{chosen:?}");
}

async fn in_a_test_they_are_in_force_in_their_block_alone<S: Subject>(stage: &Stage) {
    let subject = S::open(&stage.url("")).await;
    subject.run(Act::InTest).await.unwrap();
}

async fn a_pragma_is_refused<S: Subject>(stage: &Stage) {
    let subject = S::open(&stage.url("")).await;
    let error = refusal(subject.run(Act::Pragma).await);
    assert_unsupported(&error, "pragma", "PostgreSQL");
}

async fn a_list_is_a_list<S: Subject>(stage: &Stage) {
    let schema = stage.schema();
    let subject = S::open(&stage.url("")).await;
    let upper = schema.to_uppercase();
    for (path, names) in [
        (schema.to_owned(), format!("{{{schema}}}")),
        (format!("{upper}, public"), format!("{{{schema},public}}")),
        (
            format!("pg_catalog, \"{schema}\""),
            format!("{{pg_catalog,{schema}}}"),
        ),
    ] {
        subject.run(Act::SearchPath(path.clone())).await.unwrap();
        let seen = stage.take("path").await;
        assert_eq!(seen.len(), 1, "{path}");
        assert_eq!(seen[0].1, names, "{path}");
    }
    assert_nothing_is_left(&subject, stage, "with another path").await;
}

const LEAVES: &str = "BEGIN; SELECT set_config('app.other', 'theirs', true)";

async fn what_the_last_user_has_left_open_is_not_taken_for_the_block<S: Subject>(stage: &Stage) {
    if !S::SEES_LEFTOVERS {
        return;
    }
    let subject = S::open(&stage.url("")).await;
    subject.run(Act::Plain(LEAVES)).await.unwrap();
    let ran = subject.run(Act::Set("mine".to_owned(), End::Ok)).await;
    if let Err(error) = ran {
        // Somebody who has lent the connection may still want it.
        let error: Error = error.downcast().unwrap();
        assert_eq!(error.kind(), ErrorKind::Begin, "{error:?}");
        subject.run(Act::Plain("ROLLBACK")).await.unwrap();
        subject
            .run(Act::Set("mine".to_owned(), End::Ok))
            .await
            .unwrap();
    }
    let seen = stage.take("set").await;
    assert_eq!(seen, [("mine".to_owned(), TIMEOUTS.to_owned())]);
    assert_nothing_is_left(&subject, stage, "after theirs").await;
}

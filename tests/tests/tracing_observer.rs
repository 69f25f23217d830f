//! The observer that speaks to `tracing`.
#![allow(missing_docs, reason = "a test program")]
#![allow(clippy::unwrap_used, reason = "a failed test says where")]

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Arc, Mutex, Once};

use commit_on_success::drivers::tracing::Tracing;
use commit_on_success::signals::{post_commit, post_rollback};
use commit_on_success::{add_observer, commit_on_success, defer};
use commit_on_success_tests::polling::{complete, drop_after, poll_once};
use commit_on_success_tests::scripted::{Answer, AppError, Connection, Database, End, Step, pause};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Instrument as _, Metadata, Subscriber};
use tracing_core::span::Current;

#[derive(Clone, Debug, Default, PartialEq)]
struct Fields(BTreeMap<&'static str, String>);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let twice = self.0.insert(field.name(), format!("{value:?}"));
        assert_eq!(twice, None, "{field} is recorded once");
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.record_debug(field, &format_args!("{value}"));
    }
}

impl Fields {
    fn get(&self, field: &str) -> &str {
        self.0.get(field).map_or("", |value| value)
    }
}

#[derive(Debug, Default)]
struct Span {
    name: &'static str,
    metadata: Option<&'static Metadata<'static>>,
    parent: Option<u64>,
    fields: Fields,
    handles: usize,
}

#[derive(Debug, Default)]
struct Seen {
    spans: Vec<Span>,
    entered: Vec<u64>,
    events: Vec<(tracing::Level, Fields)>,
    /// Names of spans and messages of events, in order.
    order: Vec<String>,
    /// The message of each event, and the functions of the spans that it is in, the outermost first.
    places: Vec<(String, Vec<String>)>,
}

/// Keeps what it is told. Installed for one thread.
#[derive(Clone, Default)]
struct Collector(Arc<Mutex<Seen>>);

impl Collector {
    fn with_span<R>(&self, id: &Id, f: impl FnOnce(&mut Span) -> R) -> R {
        let index = usize::try_from(id.into_u64()).unwrap() - 1;
        f(&mut self.0.lock().unwrap().spans[index])
    }
}

impl Subscriber for Collector {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, attributes: &Attributes<'_>) -> Id {
        let mut seen = self.0.lock().unwrap();
        let parent = match attributes.parent() {
            Some(parent) => Some(parent.into_u64()),
            None if attributes.is_contextual() => seen.entered.last().copied(),
            None => None,
        };
        let mut span = Span {
            name: attributes.metadata().name(),
            metadata: Some(attributes.metadata()),
            parent,
            handles: 1,
            ..Span::default()
        };
        attributes.record(&mut span.fields);
        let name = format!("open {}", span.fields.get("function"));
        seen.order.push(name);
        seen.spans.push(span);
        Id::from_u64(seen.spans.len().try_into().unwrap())
    }

    fn record(&self, span: &Id, values: &Record<'_>) {
        self.with_span(span, |span| values.record(&mut span.fields));
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let mut seen = self.0.lock().unwrap();
        let message = fields.get("message").to_owned();
        let functions = seen.entered.iter().map(|id| {
            let span = &seen.spans[usize::try_from(*id).unwrap() - 1];
            span.fields.get("function").to_owned()
        });
        let functions = functions.collect();
        seen.places.push((message.clone(), functions));
        seen.order.push(message);
        seen.events.push((*event.metadata().level(), fields));
    }

    fn enter(&self, span: &Id) {
        self.0.lock().unwrap().entered.push(span.into_u64());
    }

    fn exit(&self, span: &Id) {
        let left = self.0.lock().unwrap().entered.pop();
        assert_eq!(left, Some(span.into_u64()));
    }

    fn current_span(&self) -> Current {
        let seen = self.0.lock().unwrap();
        let Some(id) = seen.entered.last().copied() else {
            return Current::none();
        };
        let span = &seen.spans[usize::try_from(id).unwrap() - 1];
        Current::new(Id::from_u64(id), span.metadata.unwrap())
    }

    fn clone_span(&self, id: &Id) -> Id {
        self.with_span(id, |span| span.handles += 1);
        id.clone()
    }

    fn try_close(&self, id: Id) -> bool {
        let (closed, name) = self.with_span(&id, |span| {
            span.handles -= 1;
            (span.handles == 0, span.fields.get("function").to_owned())
        });
        if closed {
            self.0.lock().unwrap().order.push(format!("close {name}"));
        }
        closed
    }
}

/// What is told while `run` runs, on this thread.
fn seen(run: impl FnOnce()) -> Seen {
    static ADDED: Once = Once::new();
    ADDED.call_once(|| add_observer(Tracing::default()));
    let collector = Collector::default();
    tracing::subscriber::with_default(collector.clone(), run);
    let seen = std::mem::take(&mut *collector.0.lock().unwrap());
    for span in &seen.spans {
        assert_eq!(span.handles, 0, "{span:?} is closed");
    }
    seen
}

#[commit_on_success]
fn outer(connection: &mut Connection, how: End, inner: End) -> Result<(), AppError> {
    connection.insert(1)?;
    defer!(tracing::info!("the call runs"));
    let _ = catch_unwind(AssertUnwindSafe(|| nested(connection, inner)));
    how.now("no")
}

#[commit_on_success]
fn nested(connection: &mut Connection, how: End) -> Result<(), AppError> {
    connection.insert(2)?;
    defer!(tracing::info!("the nested call runs"));
    how.now("no")
}

/// Function, nesting, number of calls, outcome and cause of each span.
fn spans(seen: &Seen) -> Vec<[&str; 5]> {
    let keys = ["function", "nesting", "deferred", "outcome", "cause"];
    let spans = seen.spans.iter().map(|span| {
        assert_eq!(span.name, "transaction");
        assert_eq!(span.fields.get("module"), "tracing_observer");
        assert!(span.fields.get("driver").contains("scripted"), "{span:?}");
        keys.map(|key| span.fields.get(key))
    });
    spans.collect()
}

fn run(database: &Database, how: End, inner: End) -> Seen {
    seen(|| {
        let mut connection = database.connection();
        let run = || outer(&mut connection, how, inner);
        let _ = catch_unwind(AssertUnwindSafe(run));
    })
}

#[test]
fn each_transaction_is_a_span_with_its_outcome() {
    let seen = run(&Database::new(), End::Ok, End::Ok);
    let expected = [
        ["outer", "0", "2", "committed", ""],
        ["nested", "1", "1", "released", ""],
    ];
    assert_eq!(spans(&seen), expected);
    assert_eq!(seen.spans[0].parent, None);
    assert_eq!(seen.spans[1].parent, Some(1), "the outer block's");

    for (how, cause) in [
        (End::Err, "the body returned an error"),
        (End::SetRollback, "a rollback was requested"),
        (End::Panic, "the body panicked"),
    ] {
        let seen = run(&Database::new(), how, End::Ok);
        let expected = [
            ["outer", "0", "2", "rolled back", cause],
            ["nested", "1", "1", "released", ""],
        ];
        assert_eq!(spans(&seen), expected);
        let seen = run(&Database::new(), End::Ok, how);
        let expected = [
            ["outer", "0", "1", "committed", ""],
            ["nested", "1", "1", "rolled back", cause],
        ];
        assert_eq!(spans(&seen), expected);
    }
}

#[test]
fn a_commit_that_fails_and_one_that_nobody_knows_of_are_told_apart() {
    let database = Database::new().on(Step::Commit, Answer::Refused);
    let refused = run(&database, End::Ok, End::Ok);
    let cause = "the commit was refused";
    assert_eq!(
        spans(&refused)[0],
        ["outer", "0", "2", "rolled back", cause]
    );
    let database = Database::new().on(Step::Commit, Answer::Lost);
    let unknown = run(&database, End::Ok, End::Ok);
    assert_eq!(spans(&unknown)[0], ["outer", "0", "2", "unknown", ""]);
}

#[test]
fn a_span_is_closed_before_the_deferred_calls_run() {
    let seen = run(&Database::new(), End::Ok, End::Ok);
    assert_eq!(
        seen.order,
        [
            "open outer",
            "open nested",
            "close nested",
            "close outer",
            "the call runs",
            "the nested call runs",
        ]
    );
}

#[test]
fn a_future_that_is_dropped_closes_its_span() {
    #[commit_on_success]
    async fn later(connection: &mut Connection) -> Result<(), AppError> {
        connection.insert_later(1).await?;
        Ok(())
    }

    let database = Database::new().pausing(1);
    let seen = seen(|| {
        let mut connection = database.connection();
        assert!(drop_after(later(&mut connection), 5).is_none());
        complete(later(&mut connection)).unwrap();
    });
    let cancelled = ["later", "0", "0", "rolled back", "the future was dropped"];
    assert_eq!(
        spans(&seen),
        [cancelled, ["later", "0", "0", "committed", ""]]
    );
}

#[test]
fn the_span_is_a_child_of_the_one_that_is_current() {
    let seen = seen(|| {
        let request = tracing::info_span!("request");
        let _entered = request.enter();
        nested(&mut Database::new().connection(), End::Ok).unwrap();
    });
    assert_eq!(seen.spans[0].name, "request");
    assert_eq!(seen.spans[1].name, "transaction");
    assert_eq!(seen.spans[1].parent, Some(1));
}

#[commit_on_success]
#[tracing::instrument(skip_all, fields(function = "span"))]
fn instrumented_below(connection: &mut Connection) -> Result<(), AppError> {
    tracing::info!("the body runs");
    defer!(tracing::info!("the call runs"));
    Ok(connection.insert(1)?)
}

#[tracing::instrument(skip_all, fields(function = "span"))]
#[commit_on_success]
fn instrumented_above(connection: &mut Connection) -> Result<(), AppError> {
    tracing::info!("the body runs");
    defer!(tracing::info!("the call runs"));
    Ok(connection.insert(1)?)
}

#[test]
fn the_span_of_instrument_is_around_the_calls_or_only_around_the_body() {
    let (body, call) = ("the body runs", "the call runs");
    let place = |run: fn(&mut Connection) -> Result<(), AppError>| {
        let mut order = seen(|| run(&mut Database::new().connection()).unwrap()).order;
        order.retain(|line| {
            !line.ends_with(" instrumented_below") && !line.ends_with(" instrumented_above")
        });
        order
    };
    assert_eq!(
        place(instrumented_below),
        ["open span", body, call, "close span"]
    );
    assert_eq!(
        place(instrumented_above),
        ["open span", body, "close span", call]
    );
}

/// Speaks when it is dropped.
struct Local(&'static str);

impl Drop for Local {
    fn drop(&mut self) {
        tracing::info!("{} is dropped", self.0);
    }
}

#[commit_on_success]
fn speaks(connection: &mut Connection) -> Result<(), AppError> {
    tracing::info!("before");
    defer!(tracing::info!("called"));
    let _ = catch_unwind(AssertUnwindSafe(|| nested_speaks(connection)));
    tracing::info!("after");
    Ok(connection.insert(1)?)
}

#[commit_on_success]
fn nested_speaks(_connection: &mut Connection) -> Result<(), AppError> {
    let _local = Local("the local");
    resume_unwind(Box::new("nested"))
}

fn places(seen: &Seen) -> Vec<(&str, String)> {
    let places = seen.places.iter();
    places
        .map(|(message, functions)| (&**message, functions.join("/")))
        .collect()
}

fn at(message: &'static str, place: &str) -> (&'static str, String) {
    (message, place.to_owned())
}

#[test]
fn what_a_body_says_is_in_its_span_and_what_a_call_says_is_not() {
    let seen = seen(|| speaks(&mut Database::new().connection()).unwrap());
    let expected = [
        at("before", "speaks"),
        at("the local is dropped", "speaks/nested_speaks"),
        at("after", "speaks"),
        at("called", ""),
    ];
    assert_eq!(places(&seen), expected);
}

#[commit_on_success]
async fn speaks_later(connection: &mut Connection, says: &'static str) -> Result<(), AppError> {
    let _local = Local(says);
    for _ in 0..2 {
        connection.insert_later(1).await?;
        tracing::info!("{says} goes on");
    }
    std::future::pending().await
}

#[test]
fn bodies_that_take_turns_on_one_thread_are_each_in_their_own_span_until_they_are_dropped() {
    let seen = seen(|| {
        let (one, other) = (Database::new().pausing(1), Database::new().pausing(1));
        let (mut one, mut other) = (one.connection(), other.connection());
        let mut one = Box::pin(speaks_later(&mut one, "one"));
        let mut other = Box::pin(speaks_later(&mut other, "other"));
        for _ in 0..20 {
            assert!(poll_once(one.as_mut()).is_pending());
            tracing::info!("between");
            assert!(poll_once(other.as_mut()).is_pending());
        }
    });
    let said = places(&seen);
    let (between, said): (Vec<_>, Vec<_>) = said.into_iter().partition(|said| said.0 == "between");
    assert!(between.iter().all(|(_, place)| place.is_empty()));
    let expected = [
        at("one goes on", "speaks_later"),
        at("other goes on", "speaks_later"),
        at("one goes on", "speaks_later"),
        at("other goes on", "speaks_later"),
        at("other is dropped", "speaks_later"),
        at("one is dropped", "speaks_later"),
    ];
    assert_eq!(said, expected);
}

#[commit_on_success]
fn fails_in_all_ways(connection: &mut Connection, how: End) -> Result<(), AppError> {
    defer!(Err::<(), _>("heard"));
    defer!(robust => Err::<(), _>("unheard"));
    post_rollback().connect(|_| Err::<(), _>("rolled back"))?;
    connection.insert(1)?;
    how.now("no")
}

#[test]
fn the_failure_of_a_call_names_its_transaction() {
    for (how, said) in [
        (End::Ok, &["heard", "unheard"][..]),
        (End::Err, &["rolled back"]),
    ] {
        let seen = seen(|| {
            let _ = nested(&mut Database::new().connection(), End::Ok);
            let _ = fails_in_all_ways(&mut Database::new().connection(), how);
        });
        let id = seen.spans[1].fields.get("id");
        assert!(id.parse::<u64>().unwrap() > 0, "{id}");
        assert_ne!(id, seen.spans[0].fields.get("id"));
        let failed = seen
            .events
            .iter()
            .filter(|(level, _)| *level == tracing::Level::ERROR);
        let failed: Vec<_> = failed
            .map(|(_, fields)| {
                assert_eq!(fields.get("transaction"), id);
                fields.get("error").rsplit(": ").next().unwrap()
            })
            .collect();
        assert_eq!(failed, said);
    }
}

#[commit_on_success]
async fn with_a_call_that_waits(connection: &mut Connection) -> Result<(), AppError> {
    connection.insert(1)?;
    defer!(async move {
        pause(2).await;
        drop(tracing::info_span!("in the call"));
    });
    Ok(())
}

#[test]
fn a_call_that_goes_on_after_its_future_was_dropped_is_still_in_the_span() {
    let seen = seen(|| {
        let runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = { runtime }.build().unwrap();
        runtime.block_on(async {
            let database = Database::new();
            let mut connection = database.connection();
            let request = tracing::info_span!("request");
            let dropped = with_a_call_that_waits(&mut connection).instrument(request);
            assert!(drop_after(dropped, 1).is_none());
            assert_eq!(database.durable(), [1]);
            for _ in 0..10 {
                tokio::task::yield_now().await;
            }
        });
    });
    let position = |name| {
        seen.spans
            .iter()
            .position(|span| span.name == name)
            .unwrap()
    };
    let request = u64::try_from(position("request")).unwrap() + 1;
    assert_eq!(seen.spans[position("in the call")].parent, Some(request));
}

#[commit_on_success]
fn failing_handlers(connection: &mut Connection, fails: bool) -> Result<(), AppError> {
    connection.insert(1)?;
    defer!(refuse("the queue is full"));
    post_commit().connect(|_| panic_softly()).unwrap();
    post_rollback()
        .connect(|_| refuse("the log is full"))
        .unwrap();
    if fails { End::Err } else { End::Ok }.now("no")
}

fn panic_softly() {
    resume_unwind(Box::new("softly"))
}

fn refuse(why: &'static str) -> Result<(), &'static str> {
    Err(why)
}

/// The level, message, error and file of each event.
fn events(seen: &Seen) -> Vec<(tracing::Level, &str, &str)> {
    let events = seen.events.iter().map(|(level, fields)| {
        let place = format!("{}:", file!());
        assert!(fields.get("location").starts_with(&place), "{fields:?}");
        let (_, error) = fields.get("error").split_once(&place).unwrap();
        let (_, error) = error.split_once(' ').unwrap();
        (*level, fields.get("message"), error)
    });
    events.collect()
}

#[test]
fn each_failed_handler_is_an_event_at_level_error() {
    let committed = seen(|| {
        let mut connection = Database::new().connection();
        let run = || failing_handlers(&mut connection, false);
        catch_unwind(AssertUnwindSafe(run)).unwrap_err();
    });
    let message = "a deferred call failed";
    let expected = [
        (tracing::Level::ERROR, message, "failed: the queue is full"),
        (tracing::Level::ERROR, message, "panicked: softly"),
    ];
    assert_eq!(events(&committed), expected);
    assert_eq!(spans(&committed)[0][3], "committed");

    let rolled_back = seen(|| {
        let mut connection = Database::new().connection();
        failing_handlers(&mut connection, true).unwrap_err();
    });
    let expected = [(tracing::Level::ERROR, message, "failed: the log is full")];
    assert_eq!(events(&rolled_back), expected);
}

#[test]
fn a_failed_rollback_is_an_event_with_function_and_error() {
    let database = Database::new().on(Step::Rollback, Answer::Failed);
    let seen = seen(|| {
        nested(&mut database.connection(), End::Err).unwrap_err();
    });
    let [(level, fields)] = &seen.events[..] else {
        panic!("{seen:?}")
    };
    assert_eq!(*level, tracing::Level::ERROR);
    assert_eq!(fields.get("message"), "a rollback failed");
    assert_eq!(fields.get("error"), "the script says Failed to Rollback");
    assert!(
        fields
            .get("site")
            .starts_with("`tracing_observer::nested` (")
    );
}

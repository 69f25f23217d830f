//! Messages of Celery's protocol 2, whatever they are published to.

use std::process;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use super::task::Call;
use super::{Error, repr};

/// The type and the encoding that a body says to be of.
pub(super) const CONTENT_TYPE: &str = "application/json";
pub(super) const CONTENT_ENCODING: &str = "utf-8";
/// The mode of messages that survive a restart of the broker.
pub(super) const PERSISTENT: u8 = 2;
/// The priority of messages that have none.
pub(super) const PRIORITY: u8 = 0;

/// The parts of a message that do not differ between brokers.
pub(super) struct Message {
    pub(super) headers: Map<String, Value>,
    pub(super) body: Vec<u8>,
    /// The milliseconds in which it is to be taken, as text.
    pub(super) expiration: Option<String>,
}

/// Tasks that Celery is to go on with after this one: none.
#[derive(Serialize)]
struct Embed {
    callbacks: (),
    errbacks: (),
    chain: (),
    chord: (),
}

impl Message {
    pub(super) fn of(call: &Call) -> Result<Self, Error> {
        let embed = Embed {
            callbacks: (),
            errbacks: (),
            chain: (),
            chord: (),
        };
        let body = (&call.args, &call.kwargs, embed);
        let body = serde_json::to_vec(&body).map_err(|source| not_json(call, source))?;
        let expiration = call.expires.map(|expires| {
            let rest = expires.duration_since(Timestamp::now());
            rest.as_millis().max(0).to_string()
        });
        Ok(Self {
            headers: headers(call)?,
            body,
            expiration,
        })
    }
}

fn headers(call: &Call) -> Result<Map<String, Value>, Error> {
    let args: Vec<Value> = parsed(call, &call.args)?;
    let kwargs: Value = parsed(call, &call.kwargs)?;
    let headers = json!({
        "lang": "py",
        "task": call.task,
        "id": call.id,
        "shadow": null,
        "eta": call.eta.map(iso),
        "expires": call.expires.map(iso),
        "group": null,
        "group_index": null,
        "retries": 0,
        "timelimit": [null, null],
        "root_id": call.id,
        "parent_id": null,
        "argsrepr": repr::of_args(&args),
        "kwargsrepr": repr::of_kwargs(&kwargs),
        "origin": format!("gen{}@commit_on_success", process::id()),
        // Left to the task.
        "ignore_result": null,
        "replaced_task_nesting": 0,
        "stamped_headers": null,
        "stamps": {},
    });
    match headers {
        Value::Object(headers) => Ok(headers),
        _ => unreachable!("it is written as one"),
    }
}

/// A time as Python writes it.
fn iso(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%S%.6f+00:00").to_string()
}

fn parsed<T: serde::de::DeserializeOwned>(call: &Call, json: &RawValue) -> Result<T, Error> {
    serde_json::from_str(json.get()).map_err(|source| not_json(call, source))
}

fn not_json(call: &Call, source: serde_json::Error) -> Error {
    Error::Json {
        task: call.task.clone(),
        source: source.into(),
    }
}

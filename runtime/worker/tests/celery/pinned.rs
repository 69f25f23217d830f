//! A message is what Celery itself publishes for the same call.

use std::collections::BTreeMap;
use std::time::Duration;

use commit_on_success_worker::celery;
use serde_json::{Value, json};

use crate::stage::{Broker, Stage, on_each_broker};

/// Parts that differ by nature: who has published the message, whom an answer goes to, and the number of the message.
const OWN: [&str; 3] = [
    "/headers/origin",
    "/properties/reply_to",
    "/properties/delivery_tag",
];
/// The milliseconds until it expires, from when it was published.
const REST: &str = "/properties/expiration";

/// Takes a part out of a message.
fn take(message: &mut Value, part: &str) -> Option<Value> {
    message.pointer_mut(part).map(Value::take)
}

async fn the_message_is_that_of_celery(broker: Broker) {
    let Some(stage) = Stage::new(broker).await else {
        return;
    };
    let arguments = (
        7,
        "it's „Two Generals“",
        [Some(true), None],
        BTreeMap::from([("a", 1.5)]),
    );
    let keywords = BTreeMap::from([("force", true)]);
    let plain = celery::task("tasks.index_object", arguments.clone()).queue(&stage.queue);
    let single = celery::task("tasks.index_object", (7,)).queue(&stage.queue);
    let timed = celery::task("tasks.index_object", ())
        .queue(&stage.queue)
        .kwargs(&keywords)
        .countdown(Duration::from_mins(1))
        .expires_in(Duration::from_mins(10));
    let (none, some) = (json!({}), json!(keywords));
    for (task, args, kwargs, expires) in [
        (plain, json!(arguments), &none, false),
        (single, json!([7]), &none, false),
        (timed, json!([]), &some, true),
    ] {
        let id = stage.jobs.commit(task).await;
        stage.jobs.drain(&stage.handlers()).await;
        stage.jobs.are_completed().await;
        let (args, kwargs) = (args.to_string(), kwargs.to_string());
        let call = [
            &*stage.url,
            &*stage.queue,
            "tasks.index_object",
            &args,
            &kwargs,
        ];
        let messages = stage.python.run("pin.py", &call);
        let [mut ours, mut theirs]: [Value; 2] = serde_json::from_str(&messages).unwrap();
        assert_eq!(ours.pointer("/headers/id").unwrap(), &json!(id));
        for part in OWN {
            assert_eq!(
                take(&mut ours, part).is_some(),
                take(&mut theirs, part).is_some(),
                "{part}"
            );
        }
        let rests = [&mut ours, &mut theirs].map(|message| {
            let rest = take(message, REST)?;
            rest.as_str().unwrap().parse::<u64>().ok()
        });
        match rests {
            [Some(ours), Some(theirs)] => assert!(expires && ours.abs_diff(theirs) < 30_000),
            _ => assert_eq!((rests, expires), ([None, None], false)),
        }
        assert_eq!(ours, theirs);
    }
}

on_each_broker! {
    the_message_is_that_of_celery,
}

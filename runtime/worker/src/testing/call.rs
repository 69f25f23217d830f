//! Handlers as tests call them: with JSON, and on the test's own thread.

use std::collections::BTreeMap;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use commit_on_success::jobs::Job;

use crate::handlers::decode;
use crate::{BoxError, Context};

type Called = Pin<Box<dyn Future<Output = Result<(), BoxError>> + Send>>;

/// The handler of one kind.
#[derive(Clone)]
pub(crate) struct Call {
    kind: &'static str,
    handler: Arc<dyn Fn(Context, String) -> Called + Send + Sync>,
}

impl Call {
    pub(crate) fn of<J, E, F, Fut>(handler: Arc<F>) -> Self
    where
        J: Job,
        E: Into<BoxError>,
        F: Fn(Context, J) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), E>> + Send,
    {
        Self::new::<J>(move |context, json| {
            let handler = Arc::clone(&handler);
            Box::pin(async move {
                let job = decode(&json)?;
                handler(context, job).await.map_err(Into::into)
            })
        })
    }

    /// On the thread of the test, as the transactions of sync handles are found on theirs.
    pub(crate) fn of_blocking<J, E, F>(handler: Arc<F>) -> Self
    where
        J: Job,
        E: Into<BoxError>,
        F: Fn(Context, J) -> Result<(), E> + Send + Sync + 'static,
    {
        Self::new::<J>(move |context, json| {
            let handler = Arc::clone(&handler);
            Box::pin(async move { handler(context, decode(&json)?).map_err(Into::into) })
        })
    }

    fn new<J: Job>(handler: impl Fn(Context, String) -> Called + Send + Sync + 'static) -> Self {
        Self {
            kind: J::KIND,
            handler: Arc::new(handler),
        }
    }

    pub(super) fn call(&self, context: Context, json: String) -> Called {
        (self.handler)(context, json)
    }
}

impl fmt::Debug for Call {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Call").field(&self.kind).finish()
    }
}

/// The handlers of a program, by their kinds.
#[derive(Clone, Debug, Default)]
pub(crate) struct Calls(BTreeMap<&'static str, Call>);

impl Calls {
    pub(crate) fn add(&mut self, call: Call) {
        self.0.insert(call.kind, call);
    }

    pub(crate) fn of_kind(&self, kind: &str) -> Option<&Call> {
        self.0.get(kind)
    }
}

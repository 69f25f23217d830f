//! Handlers as tests call them: with JSON, and in no task of their own.

use std::any::Any;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::Arc;

use commit_on_success::jobs::Job;

use crate::handlers::decode;
use crate::{BoxError, Context};

/// The result of a handler.
pub(super) type Returned = Result<(), BoxError>;

type Called = Pin<Box<dyn Future<Output = Returned> + Send>>;

#[cfg(feature = "rusqlite")]
type Blocking = dyn Fn(Context, &str) -> Returned + Send + Sync;

/// The handler of one kind.
#[derive(Clone)]
pub(crate) struct Call {
    future: Arc<dyn Fn(Context, String) -> Called + Send + Sync>,
    #[cfg(feature = "rusqlite")]
    blocking: Option<Arc<Blocking>>,
}

impl Call {
    pub(crate) fn of<J: Job, E: Into<BoxError>, F, Fut>(handler: Arc<F>) -> Self
    where
        F: Fn(Context, J) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), E>> + Send,
    {
        let future = move |context, json: String| -> Called {
            let handler = Arc::clone(&handler);
            Box::pin(async move {
                let job = decode(&json)?;
                handler(context, job).await.map_err(Into::into)
            })
        };
        Self {
            future: Arc::new(future),
            #[cfg(feature = "rusqlite")]
            blocking: None,
        }
    }

    /// The future of the handler, which is on another thread where that blocks.
    pub(super) fn future(&self, context: Context, json: String) -> Called {
        (self.future)(context, json)
    }
}

#[cfg(feature = "rusqlite")]
impl Call {
    /// Has sync tests call what blocks on their own thread, where the transactions of sync handles are found.
    pub(crate) fn blocks<J, E, F>(&mut self, handler: Arc<F>)
    where
        J: Job,
        E: Into<BoxError>,
        F: Fn(Context, J) -> Result<(), E> + Send + Sync + 'static,
    {
        let blocking =
            move |context, json: &str| handler(context, decode(json)?).map_err(Into::into);
        self.blocking = Some(Arc::new(blocking));
    }

    /// The result of the handler, which is called on this thread. The runtime is for futures only: there are functions that block and do not like
    /// to be in one.
    pub(super) fn here(
        &self,
        runtime: &tokio::runtime::Runtime,
        context: Context,
        json: String,
    ) -> Returned {
        match &self.blocking {
            Some(blocking) => blocking(context, &json),
            None => runtime.block_on(self.future(context, json)),
        }
    }
}

/// The result of a handler, of which a panic is one too, in the words that River has for it.
pub(super) async fn caught(call: impl Future<Output = Returned>) -> Returned {
    let mut call = pin!(call);
    let returned = poll_fn(|context| {
        catch_unwind(AssertUnwindSafe(|| call.as_mut().poll(context)))
            .unwrap_or_else(|panic| Err(text_of(&*panic).into()).into())
    });
    returned.await
}

fn text_of(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("non-string panic payload").to_owned()
}

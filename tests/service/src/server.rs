//! The service: `POST /orders`, over HTTP on a loopback port.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::post;
use axum::serve::ListenerExt as _;
use axum::{Json, Router};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::order::{Order, Told};
use crate::store::Store;

/// A server. Runs until it is dropped.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    handlers: Arc<Handlers>,
    serving: JoinHandle<()>,
}

/// The futures of the handler, by their ends.
#[derive(Debug, Default)]
pub struct Handlers {
    begun: AtomicU64,
    finished: AtomicU64,
    dropped: AtomicU64,
}

impl Server {
    /// Serves a store on a port of its own.
    ///
    /// # Errors
    ///
    /// When no port is to be had.
    pub async fn start<S: Store>(store: S) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let handlers = Arc::<Handlers>::default();
        let app = App {
            store,
            handlers: Arc::clone(&handlers),
        };
        let router = Router::new()
            .route("/orders", post(place::<S>))
            .with_state(app);
        let listener = listener.tap_io(|wire| {
            let _ = wire.set_nodelay(true);
        });
        let serving = tokio::spawn(async move {
            let _ = axum::serve(listener, router).await;
        });
        Ok(Self {
            address,
            handlers,
            serving,
        })
    }

    /// The address at which it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The futures of its handler.
    #[must_use]
    pub fn handlers(&self) -> &Handlers {
        &self.handlers
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Handlers {
    /// The number of futures that were dropped before they were done.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    /// The number of futures that are there.
    #[must_use]
    pub fn in_progress(&self) -> u64 {
        let ended = self.finished.load(Ordering::Relaxed) + self.dropped();
        self.begun.load(Ordering::Relaxed).saturating_sub(ended)
    }
}

#[derive(Clone)]
struct App<S> {
    store: S,
    handlers: Arc<Handlers>,
}

async fn place<S: Store>(State(app): State<App<S>>, Json(order): Json<Order>) -> impl IntoResponse {
    let handler = Handler::begin(app.handlers);
    let placed = app.store.place(order).await;
    handler.finish();
    let told = placed.map_or_else(|failure| failure.told(), |()| Told::Stored);
    (status(told), [("outcome", told.word())])
}

fn status(told: Told) -> StatusCode {
    match told {
        Told::Stored => StatusCode::OK,
        Told::Refused => StatusCode::CONFLICT,
        Told::Failed => StatusCode::SERVICE_UNAVAILABLE,
        Told::Unknown => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// Counts its end.
struct Handler {
    handlers: Arc<Handlers>,
    end: fn(&Handlers) -> &AtomicU64,
}

impl Handler {
    fn begin(handlers: Arc<Handlers>) -> Self {
        handlers.begun.fetch_add(1, Ordering::Relaxed);
        Self {
            handlers,
            end: |handlers| &handlers.dropped,
        }
    }

    fn finish(mut self) {
        self.end = |handlers| &handlers.finished;
    }
}

impl Drop for Handler {
    fn drop(&mut self) {
        (self.end)(&self.handlers).fetch_add(1, Ordering::Relaxed);
    }
}

#![doc = include_str!("../README.md")]

#[cfg(feature = "celery")]
pub mod celery;
mod context;
mod database;
mod drain;
mod error;
mod handlers;
mod notifier;
mod settings;
mod tables;
#[cfg(feature = "testing")]
pub mod testing;
mod thread;
mod wake;
mod worker;

pub use context::Context;
pub use database::{JobConnection, JobPool};
pub use error::{BoxError, Error};
pub use handlers::Handlers;
pub use notifier::Notifier;
pub use settings::Settings;
pub use tables::migrate;
pub use thread::{WorkerThread, migrate_at};
pub use worker::Worker;

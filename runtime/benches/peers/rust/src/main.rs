//! rustango and es-entity, for the benchmark of the peers, and the sqlx that they use by hand.

#[path = "../../src/by_hand.rs"]
mod by_hand;
mod es_entity;
mod rustango;
#[path = "../../src/serve.rs"]
mod serve;
#[allow(
    dead_code,
    reason = "the other side has names for what it prints as well"
)]
#[path = "../../src/work.rs"]
mod work;

use std::env;

use serve::{Result, serve};
use sqlx::PgPool;
use tokio::runtime::{Builder, Runtime};

fn main() -> Result {
    let peer = env::args().nth(1).unwrap_or_default();
    // rustango makes tasks of its own.
    let runtime = Builder::new_current_thread().enable_all().build()?;
    match peer.as_str() {
        "rustango-sqlite" => {
            let pool = runtime.block_on(by_hand::open_sqlite())?;
            serve(rustango::Rustango::new(runtime, pool))
        }
        "rustango-postgres" => {
            let pool = open_postgres(&runtime)?;
            serve(rustango::Rustango::new(runtime, pool))
        }
        "es-entity" => {
            let pool = open_postgres(&runtime)?;
            serve(es_entity::EsEntity::new(runtime, pool))
        }
        _ => Err(format!("no such peer: {peer}").into()),
    }
}

fn open_postgres(runtime: &Runtime) -> Result<PgPool> {
    let url = env::var("COMMIT_ON_SUCCESS_POSTGRES_URL")?;
    Ok(runtime.block_on(by_hand::of_one().connect(&url))?)
}

use std::any::Any;
use std::future::Future;

use ::sea_orm::DatabaseConnection;
use ::sqlx::PgPool;
use anyhow::Result;

use super::{
    Annotated, Backend, ByHand, CONNECTIONS, Check, Noted, Sessions, Shop, Spawned, Store, Way,
    deadpool, diesel_async, rusqlite, sea_orm, sqlx,
};
use crate::effects::Effects;
use crate::ledger::Ledger;

/// The pool of a way. Its clones are the same pool.
#[derive(Clone)]
pub enum Pool {
    /// Of sqlx.
    Sqlx(PgPool),
    /// Of deadpool-postgres.
    Deadpool(deadpool_postgres::Pool),
    /// Of sqlx, inside of sea-orm.
    SeaOrm(DatabaseConnection),
    /// Of deadpool, with connections of diesel-async.
    DieselAsync(diesel_async::Pool),
    /// Of r2d2, with connections of rusqlite.
    Rusqlite(rusqlite::Pool),
}

/// A use of a store, whatever its type.
pub trait Visitor {
    /// The output of a visit.
    type Output;

    /// Uses it.
    fn visit<S: Store>(self, store: S) -> impl Future<Output = Self::Output>;
}

/// All connections of a pool, which nobody else gets until they are dropped.
pub struct Held(#[allow(dead_code, reason = "held until it is dropped")] Vec<Box<dyn Any + Send>>);

impl Pool {
    /// Opens a pool for the tables of a way.
    ///
    /// # Errors
    ///
    /// When the URL is none.
    pub fn open(backend: Backend, ledger: &Ledger, sessions: Sessions) -> Result<Self> {
        Ok(match (backend, ledger) {
            (Backend::Sqlx, Ledger::Postgres(place)) => Self::Sqlx(sqlx::pool(place, sessions)?),
            (Backend::Deadpool, Ledger::Postgres(place)) => {
                Self::Deadpool(deadpool::pool(place, sessions)?)
            }
            (Backend::SeaOrm, Ledger::Postgres(place)) => {
                Self::SeaOrm(sea_orm::pool(place, sessions)?)
            }
            (Backend::DieselAsync, Ledger::Postgres(place)) => {
                Self::DieselAsync(diesel_async::pool(place, sessions)?)
            }
            (Backend::Rusqlite, Ledger::Sqlite(place)) => {
                Self::Rusqlite(rusqlite::pool(place, sessions))
            }
            _ => unreachable!("each backend has the ledger of its database"),
        })
    }

    /// The connections that it has.
    #[must_use]
    pub fn connections(&self) -> usize {
        match self {
            Self::Sqlx(pool) => pool.size() as usize,
            Self::SeaOrm(pool) => pool.get_postgres_connection_pool().size() as usize,
            Self::Deadpool(pool) => pool.status().size,
            Self::DieselAsync(pool) => pool.status().size,
            Self::Rusqlite(pool) => pool.state().connections as usize,
        }
    }

    /// Takes all of its connections.
    ///
    /// # Errors
    ///
    /// When the database does not give so many.
    pub async fn hold(&self) -> Result<Held> {
        let mut held: Vec<Box<dyn Any + Send>> = Vec::new();
        for _ in 0..CONNECTIONS {
            held.push(match self {
                Self::Sqlx(pool) => Box::new(pool.acquire().await?),
                Self::SeaOrm(pool) => {
                    Box::new(pool.get_postgres_connection_pool().acquire().await?)
                }
                Self::Deadpool(pool) => Box::new(pool.get().await?),
                Self::DieselAsync(pool) => Box::new(pool.get().await?),
                Self::Rusqlite(pool) => Box::new(pool.get()?),
            });
        }
        Ok(Held(held))
    }

    /// Has a visitor use a way to place orders on it.
    pub async fn visit<V: Visitor>(&self, way: Way, effects: &Effects, visitor: V) -> V::Output {
        match self.clone() {
            Self::Sqlx(pool) => in_its_way(way, pool, effects, visitor).await,
            Self::Deadpool(pool) => in_its_way(way, pool, effects, visitor).await,
            Self::SeaOrm(pool) => in_its_way(way, pool, effects, visitor).await,
            Self::DieselAsync(pool) => in_its_way(way, pool, effects, visitor).await,
            Self::Rusqlite(pool) => in_its_way(way, pool, effects, visitor).await,
        }
    }
}

async fn in_its_way<P, V>(way: Way, pool: P, effects: &Effects, visitor: V) -> V::Output
where
    V: Visitor,
    Annotated<P>: Store,
    ByHand<P>: Store,
{
    let shop = Shop {
        pool,
        effects: effects.clone(),
    };
    let by_hand = |shop, check| Noted(ByHand(shop, check), effects.clone());
    let annotated = |shop| Noted(Annotated(shop), effects.clone());
    match way {
        Way::Attribute => visitor.visit(annotated(shop)).await,
        Way::Spawned => visitor.visit(Spawned(annotated(shop))).await,
        Way::ByHand => visitor.visit(by_hand(shop, Check::Nothing)).await,
        Way::Verified => visitor.visit(by_hand(shop, Check::Transaction)).await,
    }
}

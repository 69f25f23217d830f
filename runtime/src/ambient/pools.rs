//! The pools of which there are handles. A block whose source is such a pool itself, or a connection of which nobody knows the
//! pool, is told from one that a handle is outside of.

use std::any::{Any, TypeId};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use super::registry::Registry;
use crate::pool_id::PoolId;
use crate::transaction::AsyncTransaction;

static HANDLES: AtomicUsize = AtomicUsize::new(0);
static POOLS: Mutex<Pools> = Mutex::new(Pools {
    databases: Vec::new(),
    pools: Vec::new(),
});

struct Pools {
    /// The databases that handles are for.
    databases: Vec<TypeId>,
    pools: Vec<Pool>,
}

struct Pool {
    address: usize,
    id: PoolId,
    registries: Vec<Weak<dyn Any + Send + Sync>>,
}

fn pools() -> MutexGuard<'static, Pools> {
    POOLS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether there is no handle in this process.
#[inline]
fn is_none() -> bool {
    HANDLES.load(Ordering::Acquire) == 0
}

/// The identity of the pool at an address.
#[inline]
pub(crate) fn of_pool(address: usize) -> PoolId {
    if is_none() {
        return PoolId::NONE;
    }
    let pools = pools();
    let mut known = pools.pools.iter();
    let known = known.find(|pool| pool.address == address);
    known.map_or(PoolId::NONE, |pool| pool.id)
}

/// The identity of a connection to a database, which may be from any pool.
#[inline]
pub(crate) fn unknown<DB: 'static>() -> PoolId {
    if is_none() {
        PoolId::NONE
    } else {
        pools().unknown(TypeId::of::<DB>())
    }
}

/// The open transactions of the pool at an address, whose connections are had after `patience` or not at all.
pub(crate) fn registry<DB: 'static, T: AsyncTransaction + 'static>(
    address: usize,
    patience: Duration,
) -> Arc<Registry<T>> {
    let mut pools = pools();
    let unknown = pools.learn(TypeId::of::<DB>());
    let pool = pools.at(address);
    let mut known = pool.registries.iter().filter_map(Weak::upgrade);
    if let Some(registry) = known.find_map(|registry| registry.downcast().ok()) {
        return registry;
    }
    let registry = Arc::new(Registry::new(pool.id, unknown, patience));
    let listed: Weak<Registry<T>> = Arc::downgrade(&registry);
    pool.registries.push(listed);
    HANDLES.fetch_add(1, Ordering::Release);
    registry
}

/// Notes that nobody has a registry any more.
pub(super) fn forget(id: PoolId) {
    HANDLES.fetch_sub(1, Ordering::Release);
    let mut pools = pools();
    if let Some(pool) = pools.pools.iter_mut().find(|pool| pool.id == id) {
        pool.registries
            .retain(|registry| registry.strong_count() > 0);
    }
    pools.pools.retain(|pool| !pool.registries.is_empty());
}

impl Pools {
    fn unknown(&self, database: TypeId) -> PoolId {
        let index = self.databases.iter().position(|known| *known == database);
        index
            .and_then(|index| u16::try_from(index).ok())
            .map_or(PoolId::NONE, |index| PoolId(PoolId::UNKNOWN | index))
    }

    fn learn(&mut self, database: TypeId) -> PoolId {
        if !self.databases.contains(&database) {
            self.databases.push(database);
        }
        self.unknown(database)
    }

    fn at(&mut self, address: usize) -> &mut Pool {
        let index = match self.pools.iter().position(|pool| pool.address == address) {
            Some(index) => index,
            None => {
                self.pools.push(Pool {
                    address,
                    id: self.unused(),
                    registries: Vec::new(),
                });
                self.pools.len() - 1
            }
        };
        &mut self.pools[index]
    }

    /// The lowest number that no pool has.
    fn unused(&self) -> PoolId {
        let is_used = |id| self.pools.iter().any(|pool| pool.id == id);
        let mut ids = (1..PoolId::UNKNOWN).map(PoolId);
        ids.find(|id| !is_used(*id)).unwrap_or(PoolId::NONE)
    }
}

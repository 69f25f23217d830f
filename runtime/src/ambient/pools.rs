//! The pools of which there are handles. A block whose source is such a pool itself, or a connection of which nobody knows the
//! pool, is told from one that a handle is outside of.

use std::any::{Any, TypeId};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use super::pool::Pool;
use super::registry::Registry;
use crate::pool_id::PoolId;

static HANDLES: AtomicUsize = AtomicUsize::new(0);
static POOLS: Mutex<Pools> = Mutex::new(Pools {
    databases: Vec::new(),
    pools: Vec::new(),
});

struct Pools {
    /// The databases that handles are for.
    databases: Vec<TypeId>,
    pools: Vec<Known>,
}

struct Known {
    /// `None` if nobody else can tell that it is this one.
    address: Option<usize>,
    id: PoolId,
    registries: Vec<Weak<dyn Any + Send + Sync>>,
}

fn pools() -> MutexGuard<'static, Pools> {
    POOLS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The identity of the pool of a connection to a database, which its address tells, if anything does.
#[inline]
pub(crate) fn pool_of<DB: 'static>(address: impl FnOnce() -> Option<usize>) -> PoolId {
    if HANDLES.load(Ordering::Acquire) == 0 {
        return PoolId::NONE;
    }
    let address = address();
    let pools = pools();
    match (address, pools.position(address)) {
        (None, _) => pools.unknown(TypeId::of::<DB>()),
        (_, Some(index)) => pools.pools[index].id,
        (_, None) => PoolId::NONE,
    }
}

/// The open transactions of a pool.
pub(super) fn registry<P: Pool>(pool: &P) -> Arc<Registry<P::Transaction>> {
    let mut pools = pools();
    let unknown = pools.learn(TypeId::of::<P::Database>());
    let pool = pools.at(pool.address());
    let mut known = pool.registries.iter().filter_map(Weak::upgrade);
    if let Some(registry) = known.find_map(|registry| registry.downcast().ok()) {
        return registry;
    }
    let registry = Arc::new(Registry::new(pool.id, unknown));
    let listed: Weak<Registry<P::Transaction>> = Arc::downgrade(&registry);
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

    fn position(&self, address: Option<usize>) -> Option<usize> {
        let is_it = |pool: &Known| address.is_some() && pool.address == address;
        self.pools.iter().position(is_it)
    }

    fn at(&mut self, address: Option<usize>) -> &mut Known {
        let index = match self.position(address) {
            Some(index) => index,
            None => {
                self.pools.push(Known {
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

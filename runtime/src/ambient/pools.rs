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
    users: usize,
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

/// The number of a pool that there is a handle of.
#[derive(Debug)]
pub(crate) struct Numbered {
    id: PoolId,
    /// The number of all pools that a connection to the same database may be from.
    unknown: PoolId,
}

impl Numbered {
    pub(crate) fn new<DB: 'static>(address: Option<usize>) -> Self {
        pools().number::<DB>(address)
    }

    pub(crate) fn id(&self) -> PoolId {
        self.id
    }

    /// Whether a block is one of the pool, as far as anybody knows.
    pub(crate) fn is_beside(&self) -> impl Fn(PoolId) -> bool {
        let (id, unknown) = (self.id, self.unknown);
        move |pool| pool != PoolId::NONE && (pool == id || pool == unknown)
    }
}

impl Drop for Numbered {
    fn drop(&mut self) {
        HANDLES.fetch_sub(1, Ordering::Release);
        let mut pools = pools();
        if let Some(pool) = pools.pools.iter_mut().find(|pool| pool.id == self.id) {
            pool.users -= 1;
            pool.registries
                .retain(|registry| registry.strong_count() > 0);
        }
        pools.pools.retain(|pool| pool.users > 0);
    }
}

/// The open transactions of a pool.
pub(super) fn registry<P: Pool>(pool: &P) -> Arc<Registry<P::Transaction>> {
    let address = pool.address();
    // Dropped when the list is free again, which the drop of a registry takes.
    let known: Vec<Arc<dyn Any + Send + Sync>>;
    let mut pools = pools();
    known = match pools.position(address) {
        Some(index) => pools.pools[index]
            .registries
            .iter()
            .filter_map(Weak::upgrade)
            .collect(),
        None => Vec::new(),
    };
    let mut known = known.iter().map(Arc::clone);
    if let Some(registry) = known.find_map(|registry| registry.downcast().ok()) {
        return registry;
    }
    let numbered = pools.number::<P::Database>(address);
    let id = numbered.id;
    let registry = Arc::new(Registry::new(numbered));
    let listed: Weak<Registry<P::Transaction>> = Arc::downgrade(&registry);
    if let Some(pool) = pools.pools.iter_mut().find(|pool| pool.id == id) {
        pool.registries.push(listed);
    }
    registry
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

    fn number<DB: 'static>(&mut self, address: Option<usize>) -> Numbered {
        let unknown = self.learn(TypeId::of::<DB>());
        let known = self.position(address);
        let index = known.unwrap_or_else(|| {
            self.pools.push(Known {
                address,
                id: self.unused(),
                users: 0,
                registries: Vec::new(),
            });
            self.pools.len() - 1
        });
        let pool = &mut self.pools[index];
        pool.users += 1;
        HANDLES.fetch_add(1, Ordering::Release);
        let id = pool.id;
        Numbered { id, unknown }
    }

    /// The lowest number that no pool has.
    fn unused(&self) -> PoolId {
        let is_used = |id| self.pools.iter().any(|pool| pool.id == id);
        let mut ids = (1..PoolId::UNKNOWN).map(PoolId);
        ids.find(|id| !is_used(*id)).unwrap_or(PoolId::NONE)
    }
}

//! Those who are told in this process that jobs were stored.

use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

type Listen = Arc<dyn Fn(&str) + Send + Sync>;

static LISTENERS: RwLock<Vec<(usize, Listen)>> = RwLock::new(Vec::new());
static COUNT: AtomicUsize = AtomicUsize::new(0);

/// Somebody who is told, until this is dropped.
#[must_use = "it is told until this is dropped"]
pub struct Listener(usize);

impl fmt::Debug for Listener {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Listener").finish_non_exhaustive()
    }
}

/// Has `listen` called, with the name of a queue, after each transaction of this process that has committed jobs to it.
///
/// Workers are told by this, so that they need not wait for their next look at the table. It runs where the function of the
/// transaction returns: it should only wake somebody.
///
/// # Panics
///
/// A panic in `listen` goes on as that of a deferred call does.
///
/// ```
/// use std::sync::mpsc;
///
/// let (wake, woken) = mpsc::channel();
/// let listener = commit_on_success::jobs::on_stored(move |queue| {
///     let _ = wake.send(queue.to_owned());
/// });
/// drop(listener);
/// assert!(woken.recv().is_err(), "nobody can wake any more");
/// ```
pub fn on_stored(listen: impl Fn(&str) + Send + Sync + 'static) -> Listener {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let id = NEXT.fetch_add(1, Ordering::Relaxed);
    let mut listeners = LISTENERS.write().unwrap_or_else(PoisonError::into_inner);
    listeners.push((id, Arc::new(listen)));
    COUNT.store(listeners.len(), Ordering::Release);
    Listener(id)
}

impl Drop for Listener {
    fn drop(&mut self) {
        let mut listeners = LISTENERS.write().unwrap_or_else(PoisonError::into_inner);
        let index = listeners.iter().position(|(id, _)| *id == self.0);
        let removed = index.map(|index| listeners.remove(index));
        COUNT.store(listeners.len(), Ordering::Release);
        drop(listeners);
        drop(removed);
    }
}

/// Whether there is nobody.
pub(super) fn is_nobody() -> bool {
    COUNT.load(Ordering::Acquire) == 0
}

/// Tells everybody that there is something in a queue.
pub(crate) fn tell(queue: &str) {
    let listeners = LISTENERS.read().unwrap_or_else(PoisonError::into_inner);
    let listeners: Vec<_> = listeners
        .iter()
        .map(|(_, listen)| Arc::clone(listen))
        .collect();
    for listen in listeners {
        listen(queue);
    }
}

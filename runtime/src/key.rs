//! The keys of deferred calls: of those with an equal key in one transaction only the last runs.

use std::any::Any;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fmt;
use std::hash::{Hash, Hasher};

use crate::queue::Handler;

/// A value that tells which deferred calls stand for each other.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the key of a deferred call",
    label = "expected a value that is `Eq + Hash + Send`, and owns what it is made of"
)]
pub trait CallKey: Eq + Hash + Send + 'static {}

#[diagnostic::do_not_recommend]
impl<K: Eq + Hash + Send + 'static> CallKey for K {}

/// A key with its type erased. Keys of different types are different.
pub struct Key(Box<dyn Erased>);

impl fmt::Debug for Key {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Key")
    }
}

trait Erased: Send {
    fn is(&self, other: &dyn Any) -> bool;
    fn hash(&self, hasher: &mut dyn Hasher);
    fn as_any(&self) -> &dyn Any;
}

impl<K: CallKey> Erased for K {
    fn is(&self, other: &dyn Any) -> bool {
        other.downcast_ref() == Some(self)
    }

    fn hash(&self, mut hasher: &mut dyn Hasher) {
        Hash::hash(&self.type_id(), &mut hasher);
        Hash::hash(self, &mut hasher);
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl Key {
    pub(crate) fn new(key: impl CallKey) -> Self {
        Self(Box::new(key))
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.0.is(other.0.as_any())
    }
}

impl Eq for Key {}

impl Hash for Key {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        self.0.hash(hasher);
    }
}

/// Has the last call of each key run at the place of the first, and the others dropped where the last one was.
pub(crate) fn merge(handlers: &mut [Handler]) {
    let mut places: HashMap<Key, usize> = HashMap::new();
    for index in 0..handlers.len() {
        let Some(key) = handlers[index].take_key() else {
            continue;
        };
        match places.entry(key) {
            Entry::Vacant(place) => {
                place.insert(index);
            }
            Entry::Occupied(place) => {
                handlers.swap(*place.get(), index);
                handlers[index].replace();
            }
        }
    }
}

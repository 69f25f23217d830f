use super::{Failure, Store};
use crate::effects::Effects;
use crate::order::{Order, Told};

/// The same, with a note of what nobody knows: the client may have hung up by then.
#[derive(Clone, Debug)]
pub struct Noted<S>(pub S, pub Effects);

impl<S: Store> Store for Noted<S> {
    async fn place(&self, order: Order) -> Result<(), Failure> {
        let placed = self.0.place(order).await;
        if let Err(failure) = &placed
            && failure.told() == Told::Unknown
        {
            self.1.unknown(order.id);
        }
        placed
    }
}

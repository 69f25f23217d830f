use super::{Failure, Store};
use crate::order::Order;

/// The same in a task of its own, which goes on when the client hangs up.
#[derive(Clone, Debug)]
pub struct Spawned<S>(pub S);

impl<S: Store> Store for Spawned<S> {
    async fn place(&self, order: Order) -> Result<(), Failure> {
        let store = self.0.clone();
        let placing = tokio::spawn(async move { store.place(order).await });
        match placing.await {
            Ok(placed) => placed,
            Err(panic) => std::panic::resume_unwind(panic.into_panic()),
        }
    }
}

//! The sources of the scripted driver, and the settings that its transactions may have.

use commit_on_success::{AsyncBegin, Begin, BoxError, Settings};

use super::driver::Work;
use super::pool::{Lease, Loan};
use super::{Connection, Database, Pool, Shared, Step};

/// Marks the sources of the scripted driver.
#[derive(Debug)]
pub enum Script {}

impl<'c> Begin<Script> for &'c mut Connection {
    type Transaction = Work<&'c mut Connection>;

    fn acquire_session(self) -> Result<Self::Transaction, BoxError> {
        self.0.perform(Step::Acquire, "")?;
        Ok(Work(self))
    }
}

impl<'c> AsyncBegin<Script> for &'c mut Connection {
    type Transaction = Work<&'c mut Connection>;

    async fn acquire_session(self) -> Result<Self::Transaction, BoxError> {
        self.0.perform_later(Step::Acquire, "").await?;
        Ok(Work(self))
    }
}

impl Begin<Script> for &Pool {
    type Transaction = Work<Lease>;

    fn acquire_session(self) -> Result<Self::Transaction, BoxError> {
        self.0.perform(Step::Acquire, "")?;
        Ok(Work(Lease::of(self)?))
    }
}

impl AsyncBegin<Script> for &Pool {
    type Transaction = Work<Lease>;

    async fn acquire_session(self) -> Result<Self::Transaction, BoxError> {
        self.0.perform_later(Step::Acquire, "").await?;
        Ok(Work(Lease::of(self)?))
    }
}

impl Begin<Script> for &Shared {
    type Transaction = Work<Loan>;

    fn acquire_session(self) -> Result<Self::Transaction, BoxError> {
        self.0.perform(Step::Acquire, "")?;
        Ok(Work(Loan::of(self)))
    }
}

impl AsyncBegin<Script> for &Shared {
    type Transaction = Work<Loan>;

    async fn acquire_session(self) -> Result<Self::Transaction, BoxError> {
        self.0.perform_later(Step::Acquire, "").await?;
        Ok(Work(Loan::of(self)))
    }
}

/// A setting ends with its transaction; a pragma had a value before, which has to be put back.
impl Database {
    pub(super) fn change(&self, settings: &mut Settings) {
        for setting in settings.variables() {
            self.note(&format!("set {} = {}", setting.name(), setting.value()));
        }
        for setting in settings.pragmas().to_vec() {
            settings.remember(setting.name(), "old");
            self.note(&format!("pragma {} = {}", setting.name(), setting.value()));
        }
    }

    pub(super) fn put_back(&self, settings: &mut Settings, how: &str) {
        for setting in settings.changed() {
            let (name, value) = (setting.name(), setting.value());
            self.note(&format!("{how} {name} = {value}"));
        }
        settings.forget_changed();
    }
}

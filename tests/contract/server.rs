//! A corner of a server for each test, which goes away with it.

use std::sync::atomic::{AtomicU32, Ordering};

use sqlx::{AssertSqlSafe, Connection as _};

use crate::dialect::Db;
use crate::driver::Options;

/// A name that nobody else uses.
pub(crate) fn fresh_name() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    format!("contract_{}_{number}", std::process::id())
}

/// Statements that are sent when this is dropped.
pub(crate) struct Cleanup {
    server: Options,
    statements: String,
}

impl Cleanup {
    pub(crate) fn new(server: Options, statements: String) -> Self {
        Self { server, statements }
    }

    async fn run(server: Options, statements: String) -> Result<(), sqlx::Error> {
        let mut conn = <Db as sqlx::Database>::Connection::connect_with(&server).await?;
        sqlx::raw_sql(AssertSqlSafe(statements))
            .execute(&mut conn)
            .await?;
        conn.close().await
    }
}

impl Drop for Cleanup {
    /// On a thread of its own, as this one may be inside a runtime. What cannot be removed stays: the
    /// test has already said what it has to say.
    fn drop(&mut self) {
        let run = Self::run(self.server.clone(), std::mem::take(&mut self.statements));
        let thread = std::thread::spawn(|| {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build();
            runtime.map(|runtime| runtime.block_on(run))
        });
        let _ = thread.join();
    }
}

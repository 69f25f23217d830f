//! The database behind a proxy, where there is a server.

use std::net::SocketAddr;

use crate::handle_driver::Database;

impl Database {
    pub(crate) fn through(&self, proxy: SocketAddr) -> Self {
        Self(self.0.through(proxy))
    }
}

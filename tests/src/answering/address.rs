//! The address of a server, and that of the same database at another port.

use std::fmt;

/// The parts of a URL of a database.
#[derive(Clone, Debug)]
pub struct Address {
    /// `postgres` or `mysql`.
    pub scheme: String,
    /// The user, with a password behind a colon if there is one.
    pub user: String,
    /// The host.
    pub host: String,
    /// The port.
    pub port: u16,
    /// The name of the database.
    pub database: String,
}

impl Address {
    /// The parts of a URL that has all of them.
    ///
    /// # Panics
    ///
    /// When one is missing.
    #[must_use]
    pub fn of(url: &str) -> Self {
        match Self::parse(url) {
            Some(address) => address,
            None => panic!("{url} is no address with a user, a port and a database"),
        }
    }

    fn parse(url: &str) -> Option<Self> {
        let (scheme, rest) = url.split_once("://")?;
        let (user, rest) = rest.rsplit_once('@')?;
        let (server, rest) = rest.split_once('/')?;
        let (host, port) = server.rsplit_once(':')?;
        let database = rest.split('?').next()?;
        Some(Self {
            scheme: scheme.to_owned(),
            user: user.to_owned(),
            host: host.to_owned(),
            port: port.parse().ok()?,
            database: database.to_owned(),
        })
    }

    /// The same database, reached at a port of 127.0.0.1.
    #[must_use]
    pub fn at(&self, port: u16) -> Self {
        let host = "127.0.0.1".to_owned();
        Self {
            host,
            port,
            ..self.clone()
        }
    }

    pub(super) fn is_mysql(&self) -> bool {
        self.scheme == "mysql"
    }
}

impl fmt::Display for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            scheme,
            user,
            host,
            port,
            database,
        } = self;
        write!(formatter, "{scheme}://{user}@{host}:{port}/{database}")
    }
}

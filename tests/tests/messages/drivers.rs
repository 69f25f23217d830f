//! The drivers, and the same transaction on each by hand and with the attribute.

use commit_on_success::{commit_on_success, set_rollback};
use deadpool_postgres::GenericClient as _;
use diesel::connection::TransactionManager as _;
use diesel::{Connection as _, ExpressionMethods as _, MysqlConnection, PgConnection as DieselPg};
use diesel_async::{
    AsyncConnection as _, AsyncMysqlConnection, AsyncPgConnection, TransactionManager as _,
};
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, Statement,
    TransactionTrait as _,
};
use sqlx::mysql::MySqlConnectOptions;
use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection as _, MySqlConnection, MySqlPool, PgConnection, PgPool};
use tokio::task::block_in_place;
use tokio_postgres::{Client, NoTls};

use crate::transaction::{Place, Result, Shape, Way};

pub(crate) const INSERT: &str = "INSERT INTO item (id) VALUES ($1)";
pub(crate) const INSERT_ON_MYSQL: &str = "INSERT INTO item (id) VALUES (?)";

diesel::table! {
    item (id) {
        id -> BigInt,
    }
}

/// Calls what a driver has, where it may block.
macro_rules! go {
    ($go:expr, async) => {
        $go.await
    };
    ($go:expr,) => {
        block_in_place(|| $go)
    };
}

/// Some drivers block when their connection is dropped.
macro_rules! leave {
    ($place:expr, async) => {
        drop($place)
    };
    ($place:expr,) => {
        block_in_place(|| drop($place))
    };
}

/// The drivers differ in their types, in the words by which a transaction begins, and in what is awaited.
macro_rules! on {
    (
        ($($async:ident)?) ($($wait:tt)*)
        $module:ident at $options:ty,
        source: $source:ty, $prepared:ty = |$address:ident| $open:expr,
        is_idle: |$place:ident| $is_idle:expr,
        block: |$from:ident| $lend:expr => $lent:ty, $insert:path,
        by_hand: |$to:ident| $take:expr => $by_hand:ident $words:tt,
    ) => {
        pub(crate) mod $module {
            use super::*;

            pub(crate) struct Driver($source, $prepared);

            pub(crate) async fn open(address: $options) -> Result<Driver> {
                let (source, prepared) = go!(connect(address), $($async)?)?;
                Ok(Driver(source, prepared))
            }

            impl Place for Driver {
                async fn run(&mut self, way: Way, shape: Shape, id: i64) -> Result<()> {
                    let Self(source, prepared) = self;
                    match way {
                        Way::ByHand => go!(by_hand(source, prepared, shape, id), $($async)?),
                        Way::Annotated => go!(block(source, prepared, shape, id), $($async)?),
                    }
                }

                fn is_idle(&self) -> bool {
                    let $place = &self.0;
                    $is_idle
                }

                fn leave(self) {
                    leave!(self, $($async)?);
                }
            }

            $($async)? fn connect($address: $options) -> Result<($source, $prepared)> {
                Ok($open)
            }

            #[commit_on_success(tx = $lend)]
            $($async)? fn block($from: &mut $source, prepared: &$prepared, shape: Shape, id: i64) -> Result<()> {
                $insert(tx, prepared, id) $($wait)* ?;
                match shape {
                    Shape::Commits => {}
                    Shape::Fails => return Err("no".into()),
                    Shape::TakesBack => set_rollback()?,
                    Shape::Nested => nested(tx, prepared, shape, id + 1) $($wait)* ?,
                    Shape::NestedFails => drop(nested(tx, prepared, shape, id + 1) $($wait)* .unwrap_err()),
                }
                Ok(())
            }

            #[commit_on_success]
            $($async)? fn nested(connection: $lent, prepared: &$prepared, shape: Shape, id: i64) -> Result<()> {
                $insert(connection, prepared, id) $($wait)* ?;
                match shape {
                    Shape::NestedFails => Err("no".into()),
                    _ => Ok(()),
                }
            }

            $by_hand! { ($($async)?) ($($wait)*) $words $source, $prepared, |$to| $take }
        }
    };
}

/// With a guard of the transaction.
macro_rules! by_guard {
    (($($async:ident)?) ($($wait:tt)*) ($begin:ident, $insert:path) $source:ty, $prepared:ty, |$to:ident| $take:expr) => {
        $($async)? fn by_hand($to: &mut $source, prepared: &$prepared, shape: Shape, id: i64) -> Result<()> {
            #[allow(unused_mut, reason = "not each of them is borrowed mutably")]
            let mut taken = $take;
            #[allow(unused_mut, reason = "the same")]
            let mut begun = taken.$begin() $($wait)* ?;
            $insert(&mut begun, prepared, id) $($wait)* ?;
            if shape.is_nested() {
                #[allow(unused_mut, reason = "the same")]
                let mut nested = begun.$begin() $($wait)* ?;
                $insert(&mut nested, prepared, id + 1) $($wait)* ?;
                match shape {
                    Shape::Nested => nested.commit() $($wait)* ?,
                    _ => nested.rollback() $($wait)* ?,
                }
            }
            if shape.is_stored() {
                begun.commit() $($wait)* ?;
            } else {
                begun.rollback() $($wait)* ?;
            }
            Ok(())
        }
    };
}

/// With the manager that each connection of diesel has.
macro_rules! by_manager {
    (($($async:ident)?) ($($wait:tt)*) ($manager:ty, $insert:path) $source:ty, $prepared:ty, |$to:ident| $take:expr) => {
        $($async)? fn by_hand($to: &mut $source, prepared: &$prepared, shape: Shape, id: i64) -> Result<()> {
            let taken = $take;
            <$manager>::begin_transaction(taken) $($wait)* ?;
            $insert(taken, prepared, id) $($wait)* ?;
            if shape.is_nested() {
                <$manager>::begin_transaction(taken) $($wait)* ?;
                $insert(taken, prepared, id + 1) $($wait)* ?;
                match shape {
                    Shape::Nested => <$manager>::commit_transaction(taken) $($wait)* ?,
                    _ => <$manager>::rollback_transaction(taken) $($wait)* ?,
                }
            }
            if shape.is_stored() {
                <$manager>::commit_transaction(taken) $($wait)* ?;
            } else {
                <$manager>::rollback_transaction(taken) $($wait)* ?;
            }
            Ok(())
        }
    };
}

macro_rules! on_async {
    ($($driver:tt)*) => { on!((async) (.await) $($driver)*); };
}
/// In a runtime with another thread, which the proxy is on.
macro_rules! on_sync {
    ($($driver:tt)*) => { on!(() () $($driver)*); };
}

#[allow(
    unused_imports,
    reason = "handles have drivers of their own, where there are any"
)]
pub(crate) use {by_guard, go, leave, on, on_async};

on_async! {
    sqlx_postgres at PgConnectOptions,
    source: PgPool, () = |address| (sqlx_pool(address).await?, ()),
    is_idle: |pool| pool.num_idle() == 1,
    block: |pool| &*pool => &mut PgConnection, by_sqlx_on_postgres,
    by_hand: |pool| &*pool => by_guard(begin, by_sqlx_on_postgres),
}
on_async! {
    sqlx_mysql at MySqlConnectOptions,
    source: MySqlPool, () = |address| (sqlx_pool(address).await?, ()),
    is_idle: |pool| pool.num_idle() == 1,
    block: |pool| &*pool => &mut MySqlConnection, by_sqlx_on_mysql,
    by_hand: |pool| &*pool => by_guard(begin, by_sqlx_on_mysql),
}
on_async! {
    sea_orm_postgres at PgConnectOptions,
    source: DatabaseConnection, () = |address| (sqlx_pool::<sqlx::Postgres>(address).await?.into(), ()),
    is_idle: |db| db.get_postgres_connection_pool().num_idle() == 1,
    block: |db| &*db => &DatabaseTransaction, by_sea_orm,
    by_hand: |db| db => by_guard(begin, by_sea_orm),
}
on_async! {
    sea_orm_mysql at MySqlConnectOptions,
    source: DatabaseConnection, () = |address| (sqlx_pool::<sqlx::MySql>(address).await?.into(), ()),
    is_idle: |db| db.get_mysql_connection_pool().num_idle() == 1,
    block: |db| &*db => &DatabaseTransaction, by_sea_orm,
    by_hand: |db| db => by_guard(begin, by_sea_orm),
}
on_async! {
    tokio_postgres_client at PgConnectOptions,
    source: Client, tokio_postgres::Statement = |address| {
        let client = tokio_postgres_connect(&postgres_config(&address)?).await?;
        let insert = client.prepare(INSERT).await?;
        (client, insert)
    },
    is_idle: |_client| true,
    block: |client| client => &mut Client, by_tokio_postgres,
    by_hand: |client| client => by_guard(transaction, by_tokio_postgres),
}
on_async! {
    deadpool_postgres_pool at PgConnectOptions,
    source: deadpool_postgres::Pool, () = |address| {
        let manager = deadpool_postgres::Manager::new(postgres_config(&address)?, NoTls);
        (deadpool_postgres::Pool::builder(manager).max_size(1).build()?, ())
    },
    is_idle: |pool| pool.status().available == 1,
    block: |pool| &*pool => &mut deadpool_postgres::Object, by_deadpool_postgres,
    by_hand: |pool| pool.get().await? => by_guard(transaction, by_deadpool_postgres),
}
on_sync! {
    postgres_client at PgConnectOptions,
    source: postgres::Client, postgres::Statement = |address| {
        let mut client = postgres::Config::from(postgres_config(&address)?).connect(NoTls)?;
        let insert = client.prepare(INSERT)?;
        (client, insert)
    },
    is_idle: |_client| true,
    block: |client| client => &mut postgres::Client, by_postgres,
    by_hand: |client| client => by_guard(transaction, by_postgres),
}
on_sync! {
    diesel_postgres at PgConnectOptions,
    source: DieselPg, () = |address| (DieselPg::establish(&postgres_url(&address))?, ()),
    is_idle: |_conn| true,
    block: |conn| conn => &mut DieselPg, by_diesel_on_postgres,
    by_hand: |conn| conn => by_manager(<DieselPg as diesel::Connection>::TransactionManager, by_diesel_on_postgres),
}
on_sync! {
    diesel_mysql at MySqlConnectOptions,
    source: MysqlConnection, () = |address| (MysqlConnection::establish(&mysql_url(&address))?, ()),
    is_idle: |_conn| true,
    block: |conn| conn => &mut MysqlConnection, by_diesel_on_mysql,
    by_hand: |conn| conn => by_manager(<MysqlConnection as diesel::Connection>::TransactionManager, by_diesel_on_mysql),
}
on_async! {
    diesel_async_postgres at PgConnectOptions,
    source: AsyncPgConnection, () = |address| (AsyncPgConnection::establish(&postgres_url(&address)).await?, ()),
    is_idle: |_conn| true,
    block: |conn| conn => &mut AsyncPgConnection, by_diesel_async_on_postgres,
    by_hand: |conn| conn => by_manager(<AsyncPgConnection as diesel_async::AsyncConnection>::TransactionManager, by_diesel_async_on_postgres),
}
on_async! {
    diesel_async_mysql at MySqlConnectOptions,
    // `mysql_async` would rather go around a proxy.
    source: AsyncMysqlConnection, () = |address| {
        let url = format!("{}?prefer_socket=false", mysql_url(&address));
        (AsyncMysqlConnection::establish(&url).await?, ())
    },
    is_idle: |_conn| true,
    block: |conn| conn => &mut AsyncMysqlConnection, by_diesel_async_on_mysql,
    by_hand: |conn| conn => by_manager(<AsyncMysqlConnection as diesel_async::AsyncConnection>::TransactionManager, by_diesel_async_on_mysql),
}

/// A pool of one. That it does not ask each time whether its connection still works leaves the numbers small.
pub(crate) async fn sqlx_pool<DB: sqlx::Database>(
    address: <DB::Connection as sqlx::Connection>::Options,
) -> Result<sqlx::Pool<DB>> {
    let options = sqlx::pool::PoolOptions::new().max_connections(1);
    let options = options.test_before_acquire(false);
    Ok(options.connect_with(address).await?)
}

async fn tokio_postgres_connect(config: &tokio_postgres::Config) -> Result<Client> {
    let (client, connection) = config.connect(NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}

fn postgres_config(address: &PgConnectOptions) -> Result<tokio_postgres::Config> {
    Ok(postgres_url(address).parse()?)
}

fn postgres_url(address: &PgConnectOptions) -> String {
    format!(
        "host='{}' port={} user='{}' dbname='{}' options='{}'",
        address.get_host(),
        address.get_port(),
        address.get_username(),
        address.get_database().unwrap_or_default(),
        address.get_options().unwrap_or_default(),
    )
}

fn mysql_url(address: &MySqlConnectOptions) -> String {
    format!(
        "mysql://{}@{}:{}/{}",
        address.get_username(),
        address.get_host(),
        address.get_port(),
        address.get_database().unwrap_or_default(),
    )
}

macro_rules! by_sqlx {
    ($name:ident, $connection:ty, $insert:ident) => {
        pub(crate) async fn $name(conn: &mut $connection, (): &(), id: i64) -> Result<()> {
            sqlx::query($insert).bind(id).execute(conn).await?;
            Ok(())
        }
    };
}
by_sqlx!(by_sqlx_on_postgres, PgConnection, INSERT);
by_sqlx!(by_sqlx_on_mysql, MySqlConnection, INSERT_ON_MYSQL);

pub(crate) async fn by_sea_orm(conn: &impl ConnectionTrait, (): &(), id: i64) -> Result<()> {
    let backend = conn.get_database_backend();
    let insert = match backend {
        DbBackend::MySql => INSERT_ON_MYSQL,
        _ => INSERT,
    };
    let insert = Statement::from_sql_and_values(backend, insert, [id.into()]);
    conn.execute_raw(insert).await?;
    Ok(())
}

async fn by_tokio_postgres(
    client: &impl tokio_postgres::GenericClient,
    insert: &tokio_postgres::Statement,
    id: i64,
) -> Result<()> {
    client.execute(insert, &[&id]).await?;
    Ok(())
}

async fn by_deadpool_postgres(
    client: &impl deadpool_postgres::GenericClient,
    (): &(),
    id: i64,
) -> Result<()> {
    let insert = client.prepare_cached(INSERT).await?;
    client.execute(&insert, &[&id]).await?;
    Ok(())
}

fn by_postgres(
    client: &mut impl postgres::GenericClient,
    insert: &postgres::Statement,
    id: i64,
) -> Result<()> {
    client.execute(insert, &[&id])?;
    Ok(())
}

macro_rules! by_diesel {
    ($name:ident, $connection:ty) => {
        fn $name(conn: &mut $connection, (): &(), id: i64) -> Result<()> {
            let insert = diesel::insert_into(item::table).values(item::id.eq(id));
            diesel::RunQueryDsl::execute(insert, conn)?;
            Ok(())
        }
    };
}
by_diesel!(by_diesel_on_postgres, DieselPg);
by_diesel!(by_diesel_on_mysql, MysqlConnection);

macro_rules! by_diesel_async {
    ($name:ident, $connection:ty) => {
        async fn $name(conn: &mut $connection, (): &(), id: i64) -> Result<()> {
            let insert = diesel::insert_into(item::table).values(item::id.eq(id));
            diesel_async::RunQueryDsl::execute(insert, conn).await?;
            Ok(())
        }
    };
}
by_diesel_async!(by_diesel_async_on_postgres, AsyncPgConnection);
by_diesel_async!(by_diesel_async_on_mysql, AsyncMysqlConnection);

//! A schema of PostgreSQL for each test, and what transactions have noted in it.

use std::time::Duration;

use commit_on_success_tests::corner::{Corner, Stage as _};
pub(crate) use commit_on_success_tests::proxy::Proxy;
use commit_on_success_tests::servers;
use sqlx::Postgres;
use sqlx::postgres::PgPool;

pub(crate) struct Stage {
    corner: Corner<Postgres>,
    pool: PgPool,
}

const TABLE: &str = "CREATE TABLE seen (what text, value text, timeouts text, id bigserial)";
const FUNCTION: &str = "CREATE FUNCTION fails() RETURNS void LANGUAGE plpgsql AS \
    $$ BEGIN RAISE serialization_failure; END $$";

impl Stage {
    pub(crate) async fn open(sql: &str) -> Self {
        let corner = Postgres::corner().await;
        corner.execute(format!("{TABLE}; {FUNCTION}; {sql}")).await;
        let pool = corner.pool(1).await;
        Self { corner, pool }
    }

    fn options(&self) -> &str {
        self.corner.address.get_options().unwrap()
    }

    pub(crate) fn schema(&self) -> &str {
        self.options().split_once('=').unwrap().1
    }

    /// The address for any driver, with options of the session.
    pub(crate) fn url(&self, options: &str) -> String {
        let options = format!("{} {options}", self.options());
        let options = options.trim().replace(' ', "%20").replace('=', "%3D");
        format!("{}?options={options}&sslmode=disable", servers::postgres())
    }

    /// Through a proxy that counts.
    pub(crate) async fn behind_proxy(&self) -> (Proxy, String) {
        let server = (
            self.corner.address.get_host().to_owned(),
            self.corner.address.get_port(),
        );
        let direct = format!("{}:{}", server.0, server.1);
        let proxy = Proxy::to(server).await.unwrap();
        let url = self.url("").replace(&direct, &proxy.address().to_string());
        (proxy, url)
    }

    /// Takes away what was noted.
    pub(crate) async fn take(&self, what: &str) -> Vec<(String, String)> {
        let sql = "WITH gone AS (DELETE FROM seen WHERE what = $1 RETURNING *) \
            SELECT value, timeouts FROM gone ORDER BY id";
        let taken = sqlx::query_as(sql).bind(what).fetch_all(&self.pool).await;
        taken.unwrap()
    }
}

/// Until a pool has its connection back.
pub(crate) async fn rest() {
    tokio::time::sleep(Duration::from_millis(30)).await;
}

/// Texts that are hard to quote, the same in each run.
pub(crate) struct Strings(u64);

const HARD: [&str; 24] = [
    "'", "''", "\\", "\\\\", "\\'", "'\\", "\"", "$$", "$1", ";", "--", "/*", "\n", "\t", "\r",
    "\u{1}", "\u{7f}", "é", "中文", "😀", "\u{301}", "E'", "{}", "%",
];

impl Strings {
    pub(crate) const fn new() -> Self {
        Self(0x9E37_79B9_7F4A_7C15)
    }

    fn next_number(&mut self, below: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % below
    }
}

impl Iterator for Strings {
    type Item = String;

    fn next(&mut self) -> Option<String> {
        let length = self.next_number(12);
        let mut text = String::new();
        for _ in 0..length {
            let choice = self.next_number(32);
            match usize::try_from(choice)
                .ok()
                .and_then(|index| HARD.get(index))
            {
                Some(hard) => text += hard,
                None => text.push(char::from(
                    b'a' + u8::try_from(choice % 26).unwrap_or_default(),
                )),
            }
        }
        Some(text)
    }
}

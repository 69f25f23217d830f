use commit_on_success::commit_on_success;
use commit_on_success_ui_tests::{AsyncPool, Connection, DbError};

struct Tenant(i64);

#[commit_on_success(set("app.tenant" = tenant))]
fn tenant(conn: &mut Connection, tenant: &Tenant) -> Result<usize, DbError> {
    conn.execute("UPDATE")
}

#[commit_on_success(tx = pool, set("app.tenant" = tenant.0, statement_timeout = Some(5)))]
async fn optional(pool: &AsyncPool, tenant: &Tenant) -> Result<usize, DbError> {
    tx.execute("UPDATE").await
}

fn main() {}

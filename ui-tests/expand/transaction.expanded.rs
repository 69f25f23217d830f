use commit_on_success::transaction;
use commit_on_success_ui_tests::{AsyncPool, Connection, DbError};
fn rename(conn: &mut Connection) -> Result<usize, DbError> {
    {
        let __outcome = match ::commit_on_success::__private::begin(
            &mut *conn,
            &::commit_on_success::__private::Site {
                function: "transaction!",
                module: "transaction",
                file: "expand/transaction.rs",
                line: 5u32,
                column: 5u32,
            },
            ::commit_on_success::Options::new(),
        ) {
            ::commit_on_success::__private::Ok(ref mut __scope) => {
                let mut __returned = {
                    #[allow(unused_mut, unused_variables)]
                    let (tx, __running) = __scope.enter();
                    __running.run(|| { tx.execute("UPDATE") })
                };
                __returned.commit_or_rollback(__scope)
            }
            ::commit_on_success::__private::Err(__error) => {
                ::commit_on_success::__private::Err(__error)
            }
        };
        ::commit_on_success::__private::returns(__outcome)
    }
}
async fn rename_async(pool: &AsyncPool) -> Result<usize, DbError> {
    {
        let __outcome = match ::commit_on_success::__private::begin_async(
                pool,
                &::commit_on_success::__private::Site {
                    function: "transaction!",
                    module: "transaction",
                    file: "expand/transaction.rs",
                    line: 11u32,
                    column: 5u32,
                },
                ::commit_on_success::Options::new(),
            )
            .await
        {
            ::commit_on_success::__private::Ok(ref mut __scope) => {
                let mut __returned = {
                    #[allow(unused_mut, unused_variables)]
                    let (tx, __running) = __scope.enter();
                    __running.run(async { tx.execute("UPDATE").await }).await
                };
                __returned.commit_or_rollback_async(__scope).await
            }
            ::commit_on_success::__private::Err(__error) => {
                ::commit_on_success::__private::Err(__error)
            }
        };
        ::commit_on_success::__private::returns(__outcome)
    }
}

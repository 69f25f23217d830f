use commit_on_success::transaction;
use commit_on_success_ui_tests::{AsyncPool, Connection, DbError};
fn rename(conn: &mut Connection) -> Result<usize, DbError> {
    match ::commit_on_success::__private::begin(
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
            let __result = {
                #[allow(unused_mut, unused_variables)]
                let (tx, __running) = __scope.enter();
                __running.run(|| { tx.execute("UPDATE") })
            };
            if ::commit_on_success::__private::succeeded(&__result) {
                match __scope.commit() {
                    ::commit_on_success::__private::Ok(()) => __result,
                    ::commit_on_success::__private::Err(__error) => {
                        ::commit_on_success::__private::failed(__error)
                    }
                }
            } else {
                __scope
                    .diagnose({
                        use ::commit_on_success::__private::Cause as _;
                        (&&&&&::commit_on_success::__private::Returned(
                            &__result,
                            ::commit_on_success::__private::Static,
                        ))
                            .cause()
                    });
                __scope.rollback();
                __result
            }
        }
        ::commit_on_success::__private::Err(__error) => {
            ::commit_on_success::__private::failed(__error)
        }
    }
}
async fn rename_async(pool: &AsyncPool) -> Result<usize, DbError> {
    match ::commit_on_success::__private::begin_async(
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
            let __result = {
                #[allow(unused_mut, unused_variables)]
                let (tx, __running) = __scope.enter();
                __running.run(async { tx.execute("UPDATE").await }).await
            };
            if ::commit_on_success::__private::succeeded(&__result) {
                match __scope.commit().await {
                    ::commit_on_success::__private::Ok(()) => __result,
                    ::commit_on_success::__private::Err(__error) => {
                        ::commit_on_success::__private::failed(__error)
                    }
                }
            } else {
                __scope
                    .diagnose({
                        use ::commit_on_success::__private::Cause as _;
                        (&&&&&::commit_on_success::__private::Returned(
                            &__result,
                            ::commit_on_success::__private::Static,
                        ))
                            .cause()
                    });
                __scope.rollback().await;
                __result
            }
        }
        ::commit_on_success::__private::Err(__error) => {
            ::commit_on_success::__private::failed(__error)
        }
    }
}

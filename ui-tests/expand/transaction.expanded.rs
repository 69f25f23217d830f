use commit_on_success::transaction;
use commit_on_success_ui_tests::{AsyncPool, Connection, DbError};
fn rename(conn: &mut Connection) -> Result<usize, DbError> {
    {
        let __expected = ::commit_on_success::__private::Expected::new();
        if false {
            __expected.value()
        } else {
            let __outcome = match (::commit_on_success::__private::begin)(
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
                        let (__handle, __running) = (__scope).enter();
                        __running
                            .run(
                                __expected
                                    .of(|| {
                                        #[allow(clippy::shadow_unrelated)]
                                        let tx = __handle;
                                        let _ = tx;
                                        tx.execute("UPDATE")
                                    }),
                            )
                    };
                    __returned.__commit_or_rollback(__scope)
                }
                ::commit_on_success::__private::Err(__error) => {
                    ::commit_on_success::__private::Err(__error)
                }
            };
            ::commit_on_success::__private::returns({ __outcome })
        }
    }
}
async fn rename_async(pool: &AsyncPool) -> Result<usize, DbError> {
    {
        let __expected = ::commit_on_success::__private::Expected::new();
        if false {
            __expected.value()
        } else {
            let __outcome = match (::commit_on_success::__private::begin_async)(
                    (::commit_on_success::__private::source)(pool),
                    &mut ::commit_on_success::__private::None,
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
                ::commit_on_success::__private::Ok(__scope) => {
                    let mut __returned = {
                        let (__handle, __running) = (__scope).enter();
                        #[allow(clippy::shadow_unrelated)]
                        let tx = __handle;
                        let _ = tx;
                        __running
                            .run(async {
                                if false {
                                    return (__expected.value());
                                }
                                tx.execute("UPDATE").await
                            })
                            .await
                    };
                    __returned.__commit_or_rollback_async(__scope).await
                }
                ::commit_on_success::__private::Err(__error) => {
                    ::commit_on_success::__private::Err(__error)
                }
            };
            ::commit_on_success::__private::returns({ __outcome })
        }
    }
}

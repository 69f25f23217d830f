use commit_on_success::commit_on_success;
use commit_on_success_ui_tests::{AsyncConnection, Connection, DbError};
struct Objects<'c> {
    conn: Connection,
    borrowed: &'c mut Connection,
    asynchronous: AsyncConnection,
    cache: Vec<usize>,
}
impl Objects<'_> {
    /// The body borrows the rest of `self`.
    fn rename(&mut self, title: &str) -> Result<usize, DbError> {
        let __outcome = match (::commit_on_success::__private::begin)(
            &mut self.conn,
            &::commit_on_success::__private::Site {
                function: "rename",
                module: "method",
                file: "expand/method.rs",
                line: 13u32,
                column: 5u32,
            },
            ::commit_on_success::Options::new(),
        ) {
            ::commit_on_success::__private::Ok(ref mut __scope) => {
                let mut __returned = {
                    let (__handle, __running) = (__scope).enter();
                    __running
                        .run(|| -> Result<usize, DbError> {
                            #[allow(clippy::shadow_unrelated)]
                            let tx = __handle;
                            let _ = tx;
                            self.cache.clear();
                            tx.execute(title)
                        })
                };
                __returned.__commit_or_rollback(__scope)
            }
            ::commit_on_success::__private::Err(__error) => {
                ::commit_on_success::__private::Err(__error)
            }
        };
        return ::commit_on_success::__private::returns({ __outcome });
    }
    /// A field that is a reference is borrowed again.
    fn rename_borrowed(&mut self, mut title: String) -> Result<usize, DbError> {
        let __outcome = match (::commit_on_success::__private::begin)(
            {
                use ::commit_on_success::__private::Reborrow as _;
                self.borrowed.__reborrow()
            },
            &::commit_on_success::__private::Site {
                function: "rename_borrowed",
                module: "method",
                file: "expand/method.rs",
                line: 20u32,
                column: 5u32,
            },
            ::commit_on_success::Options::new(),
        ) {
            ::commit_on_success::__private::Ok(ref mut __scope) => {
                let mut __returned = {
                    let (__handle, __running) = (__scope).enter();
                    __running
                        .run(|| -> Result<usize, DbError> {
                            #[allow(clippy::shadow_unrelated)]
                            let tx = __handle;
                            let _ = tx;
                            title.push('!');
                            tx.execute(&title)
                        })
                };
                __returned.__commit_or_rollback(__scope)
            }
            ::commit_on_success::__private::Err(__error) => {
                ::commit_on_success::__private::Err(__error)
            }
        };
        return ::commit_on_success::__private::returns({ __outcome });
    }
    /// A parameter that the source does not need is moved into the future.
    async fn rename_async(
        &mut self,
        title: String,
        (id, _): (i64, i64),
    ) -> Result<i64, DbError> {
        let __outcome = match (::commit_on_success::__private::begin_async)(
                (::commit_on_success::__private::source)(&mut self.asynchronous),
                &mut ::commit_on_success::__private::None,
                &::commit_on_success::__private::Site {
                    function: "rename_async",
                    module: "method",
                    file: "expand/method.rs",
                    line: 27u32,
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
                                return (::commit_on_success::__private::never::<
                                    Result<i64, DbError>,
                                >());
                            }
                            #[allow(clippy::shadow_same)]
                            let mut title = title;
                            #[allow(clippy::shadow_same)]
                            let id = id;
                            title.push('!');
                            tx.execute(&title).await?;
                            Ok(id)
                        })
                        .await
                };
                __returned.__commit_or_rollback_async(__scope).await
            }
            ::commit_on_success::__private::Err(__error) => {
                ::commit_on_success::__private::Err(__error)
            }
        };
        return ::commit_on_success::__private::returns({ __outcome });
    }
}

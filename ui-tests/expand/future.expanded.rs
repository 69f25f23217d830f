use std::pin::Pin;
use commit_on_success::commit_on_success;
use commit_on_success_ui_tests::{AsyncConnection, DbError};
fn rename<'c>(
    conn: &'c mut AsyncConnection,
    title: &str,
) -> Pin<Box<dyn Future<Output = Result<(), DbError>> + Send + 'c>> {
    let title = title.to_owned();
    Box::pin(async move {
        let __outcome = match (::commit_on_success::__private::begin_async)(
                (::commit_on_success::__private::source)(conn),
                &mut ::commit_on_success::__private::None,
                &::commit_on_success::__private::Site {
                    function: "rename",
                    module: "future",
                    file: "expand/future.rs",
                    line: 6u32,
                    column: 1u32,
                },
                ::commit_on_success::Options::new(),
            )
            .await
        {
            ::commit_on_success::__private::Ok(__scope) => {
                let mut __returned = {
                    let (__handle, __running) = (__scope).enter();
                    #[allow(clippy::shadow_unrelated)]
                    let conn = __handle;
                    let _ = conn;
                    __running
                        .run(async move {
                            if false {
                                return (::commit_on_success::__private::never::<
                                    Result<(), DbError>,
                                >());
                            }
                            conn.execute(&title).await?;
                            Ok(())
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
    })
}

use commit_on_success::commit_on_success;
use commit_on_success_ui_tests::{AsyncPool, DbError};
async fn rename(pool: &AsyncPool, title: &str) -> Result<usize, DbError> {
    let __outcome = match (::commit_on_success::__private::begin_async)(
            (::commit_on_success::__private::source)(pool),
            &mut ::commit_on_success::__private::None,
            &::commit_on_success::__private::Site {
                function: "rename",
                module: "async_function",
                file: "expand/async_function.rs",
                line: 4u32,
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
                let tx = __handle;
                let _ = tx;
                __running
                    .run(async move {
                        if false {
                            return (::commit_on_success::__private::never::<
                                Result<usize, DbError>,
                            >());
                        }
                        let renamed = tx.execute(title).await?;
                        Ok(renamed)
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

use commit_on_success::commit_on_success;
use commit_on_success_ui_tests::{AsyncPool, DbError};
async fn rename(pool: &AsyncPool, title: &str) -> Result<usize, DbError> {
    let __outcome = match ::commit_on_success::__private::begin_async(
            pool,
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
        ::commit_on_success::__private::Ok(ref mut __scope) => {
            let __result = {
                #[allow(unused_mut, unused_variables)]
                let (tx, __running) = __scope.enter();
                __running
                    .run(async move {
                        if false {
                            return ::commit_on_success::__private::never::<
                                Result<usize, DbError>,
                            >();
                        }
                        let renamed = tx.execute(title).await?;
                        Ok(renamed)
                    })
                    .await
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
    };
    __outcome
}

use commit_on_success::commit_on_success;
use commit_on_success_ui_tests::{AsyncConnection, Connection, DbError};
unsafe fn rename<'t, T, const N: usize>(
    conn: &mut Connection,
    titles: &'t [T; N],
) -> Result<impl Iterator<Item = &'t T>, DbError>
where
    T: AsRef<str>,
{
    let __outcome = match (::commit_on_success::__private::begin)(
        conn,
        &::commit_on_success::__private::Site {
            function: "rename",
            module: "generic",
            file: "expand/generic.rs",
            line: 4u32,
            column: 1u32,
        },
        ::commit_on_success::Options::new(),
    ) {
        ::commit_on_success::__private::Ok(ref mut __scope) => {
            let mut __returned = {
                let (__handle, __running) = (__scope).enter();
                __running
                    .run(move || -> Result<_, DbError> {
                        #[allow(clippy::shadow_unrelated)]
                        let mut conn = __handle;
                        let _ = &mut conn;
                        for title in titles {
                            conn.execute(title.as_ref())?;
                        }
                        Ok(titles.iter())
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
async fn rename_async<'t>(
    conn: &mut AsyncConnection,
    titles: &'t [String],
) -> Result<impl Iterator<Item = &'t String>, DbError> {
    let __outcome = match (::commit_on_success::__private::begin_async)(
            (::commit_on_success::__private::source)(conn),
            &mut ::commit_on_success::__private::None,
            &::commit_on_success::__private::Site {
                function: "rename_async",
                module: "generic",
                file: "expand/generic.rs",
                line: 18u32,
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
                                Result<_, DbError>,
                            >());
                        }
                        conn.execute("SELECT").await?;
                        Ok(titles.iter())
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

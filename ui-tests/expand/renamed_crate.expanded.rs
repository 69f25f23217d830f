use commit_on_success as transactions;
use commit_on_success_ui_tests::{Connection, DbError};
fn rename(conn: &mut Connection) -> Result<usize, DbError> {
    let __outcome = match (transactions::__private::begin)(
        conn,
        &transactions::__private::Site {
            function: "rename",
            module: "renamed_crate",
            file: "expand/renamed_crate.rs",
            line: 4u32,
            column: 1u32,
        },
        transactions::Options::new(),
    ) {
        transactions::__private::Ok(ref mut __scope) => {
            let mut __returned = {
                let (__handle, __running) = (__scope).enter();
                __running
                    .run(move || -> Result<usize, DbError> {
                        #[allow(clippy::shadow_unrelated)]
                        let conn = __handle;
                        let _ = conn;
                        (transactions::__private::defer)({ move || index(7) });
                        conn.execute("UPDATE")
                    })
            };
            __returned.__commit_or_rollback(__scope)
        }
        transactions::__private::Err(__error) => transactions::__private::Err(__error),
    };
    return transactions::__private::returns({ __outcome });
}
fn index(_id: i64) {}

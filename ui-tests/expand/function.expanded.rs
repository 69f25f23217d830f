use commit_on_success::commit_on_success;
use commit_on_success_ui_tests::{Connection, DbError};
/// Documented.
#[inline]
pub fn rename(conn: &mut Connection, title: &str) -> Result<usize, DbError> {
    let __outcome = match (::commit_on_success::__private::begin)(
        conn,
        &::commit_on_success::__private::Site {
            function: "rename",
            module: "function",
            file: "expand/function.rs",
            line: 5u32,
            column: 1u32,
        },
        ::commit_on_success::Options::new(),
    ) {
        ::commit_on_success::__private::Ok(ref mut __scope) => {
            let mut __returned = {
                let (__handle, __running) = (__scope).enter();
                __running
                    .run(move || -> Result<usize, DbError> {
                        #[allow(clippy::shadow_unrelated)]
                        let conn = __handle;
                        let _ = conn;
                        let renamed = conn.execute(title)?;
                        Ok(renamed)
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

use commit_on_success::commit_on_success;
use commit_on_success_ui_tests::{Connection, DbError};
/// Documented.
#[inline]
pub fn rename(conn: &mut Connection, title: &str) -> Result<usize, DbError> {
    let __outcome = match ::commit_on_success::__private::begin(
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
            let __result = {
                #[allow(unused_mut, unused_variables)]
                let (conn, __running) = __scope.enter();
                __running
                    .run(move || -> Result<usize, DbError> {
                        let renamed = conn.execute(title)?;
                        Ok(renamed)
                    })
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
    };
    __outcome
}

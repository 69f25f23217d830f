use commit_on_success::commit_on_success;
use commit_on_success_ui_tests::{AsyncConnection, Connection, DbError};

#[commit_on_success]
unsafe fn rename<'t, T, const N: usize>(
    mut conn: &mut Connection,
    titles: &'t [T; N],
) -> Result<impl Iterator<Item = &'t T>, DbError>
where
    T: AsRef<str>,
{
    for title in titles {
        conn.execute(title.as_ref())?;
    }
    Ok(titles.iter())
}

#[commit_on_success]
async fn rename_async<'t>(
    conn: &mut AsyncConnection,
    titles: &'t [String],
) -> Result<impl Iterator<Item = &'t String>, DbError> {
    conn.execute("SELECT").await?;
    Ok(titles.iter())
}

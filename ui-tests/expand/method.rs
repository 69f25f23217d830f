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
    #[commit_on_success(tx = &mut self.conn)]
    fn rename(&mut self, title: &str) -> Result<usize, DbError> {
        self.cache.clear();
        tx.execute(title)
    }

    /// A field that is a reference is borrowed again.
    #[commit_on_success(tx = self.borrowed)]
    fn rename_borrowed(&mut self, mut title: String) -> Result<usize, DbError> {
        title.push('!');
        tx.execute(&title)
    }

    /// A parameter that the source does not need is moved into the future.
    #[commit_on_success(tx = &mut self.asynchronous)]
    async fn rename_async(
        &mut self,
        mut title: String,
        (id, _): (i64, i64),
    ) -> Result<i64, DbError> {
        title.push('!');
        tx.execute(&title).await?;
        Ok(id)
    }
}

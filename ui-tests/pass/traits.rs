//! Implementations, provided methods, and native `async fn` in a trait.
#![deny(warnings)]

use commit_on_success::commit_on_success;
use commit_on_success_ui_tests::{AsyncConnection, Connection, DbError, block_on};

trait Titles {
    fn rename(&self, conn: &mut Connection) -> Result<usize, DbError>;

    #[commit_on_success]
    fn rename_twice(&self, conn: &mut Connection) -> Result<usize, DbError>
    where
        Self: Sized,
    {
        Ok(self.rename(conn)? + self.rename(conn)?)
    }
}

trait AsyncTitles {
    async fn rename(&self, conn: &mut AsyncConnection) -> Result<usize, DbError>;
}

struct Objects;

impl Titles for Objects {
    #[commit_on_success]
    fn rename(&self, conn: &mut Connection) -> Result<usize, DbError> {
        conn.execute("UPDATE")
    }
}

impl AsyncTitles for Objects {
    #[commit_on_success]
    async fn rename(&self, conn: &mut AsyncConnection) -> Result<usize, DbError> {
        conn.execute("UPDATE").await
    }
}

fn main() {
    let mut conn = Connection::default();
    assert_eq!(Objects.rename_twice(&mut conn).unwrap(), 2);
    let mut conn = AsyncConnection::default();
    assert_eq!(
        block_on(AsyncTitles::rename(&Objects, &mut conn)).unwrap(),
        1
    );
}

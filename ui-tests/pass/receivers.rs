//! A method takes `self` in every way there is.
#![deny(warnings)]

use std::pin::Pin;
use std::rc::Rc;

use commit_on_success::commit_on_success;
use commit_on_success_ui_tests::{AsyncConnection, Connection, DbError, block_on};

#[derive(Clone)]
struct Object {
    title: String,
    renamed: usize,
}

impl Object {
    #[commit_on_success]
    fn by_value(self, conn: &mut Connection) -> Result<String, DbError> {
        conn.execute(&self.title)?;
        Ok(self.title)
    }

    #[commit_on_success]
    fn by_mutable_value(mut self, conn: &mut Connection) -> Result<String, DbError> {
        self.title.push('!');
        conn.execute(&self.title)?;
        Ok(self.title)
    }

    #[commit_on_success]
    fn by_reference(&self, conn: &mut Connection) -> Result<&str, DbError> {
        conn.execute(&self.title)?;
        Ok(&self.title)
    }

    #[commit_on_success]
    fn by_mutable_reference(&mut self, conn: &mut Connection) -> Result<&mut usize, DbError> {
        self.renamed += conn.execute(&self.title)?;
        Ok(&mut self.renamed)
    }

    #[commit_on_success]
    fn boxed(self: Box<Self>, conn: &mut Connection) -> Result<Box<Self>, DbError> {
        conn.execute(&self.title)?;
        Ok(self)
    }

    #[commit_on_success]
    fn counted(self: &Rc<Self>, conn: &mut Connection) -> Result<Rc<Self>, DbError> {
        conn.execute(&self.title)?;
        Ok(Rc::clone(self))
    }

    #[commit_on_success]
    fn pinned(self: Pin<&mut Self>, conn: &mut Connection) -> Result<(), DbError> {
        let this = self.get_mut();
        this.renamed += conn.execute(&this.title)?;
        Ok(())
    }

    #[commit_on_success]
    async fn asynchronous(&mut self, conn: &mut AsyncConnection) -> Result<usize, DbError> {
        self.renamed += conn.execute(&self.title).await?;
        Ok(self.renamed)
    }

    #[commit_on_success]
    fn associated(conn: &mut Connection) -> Result<Self, DbError> {
        let renamed = conn.execute("SELECT")?;
        let title = String::from("title");
        Ok(Self { title, renamed })
    }
}

fn main() {
    let mut conn = Connection::default();
    let mut object = Object::associated(&mut conn).unwrap();
    assert_eq!(object.by_reference(&mut conn).unwrap(), "title");
    *object.by_mutable_reference(&mut conn).unwrap() += 1;
    assert_eq!(object.renamed, 3);
    Pin::new(&mut object).pinned(&mut conn).unwrap();
    assert_eq!(object.renamed, 4);
    let object = Rc::new(object);
    object.counted(&mut conn).unwrap();
    let object = Rc::unwrap_or_clone(object);
    let object = Box::new(object).boxed(&mut conn).unwrap();
    assert_eq!(
        object.clone().by_mutable_value(&mut conn).unwrap(),
        "title!"
    );
    assert_eq!(object.clone().by_value(&mut conn).unwrap(), "title");
    let mut object = *object;
    let renamed = block_on(object.asynchronous(&mut AsyncConnection::default()));
    assert_eq!(renamed.unwrap(), 5);
}

//# by_mutable_reference
impl Local {
    #[commit_on_success(tx = &mut self.conn)]
    pub fn f(&mut self, name: &str) -> Done<usize> {
        self.count ^= 1;
        tx.execute(name)
    }
}
pub struct Local { conn: Connection, count: usize }
//# by_reference
pub struct Local { pool: Pool, count: usize }
impl Local {
    #[commit_on_success(tx = self.pool.get()?)]
    pub fn f(&self) -> Done<usize> {
        tx.execute(&self.count.to_string())
    }
}
//# by_value
pub struct Local { conn: Connection, title: String }
impl Local {
    #[commit_on_success(tx = &mut self.conn)]
    pub fn f(mut self) -> Done<String> {
        tx.execute(&self.title)?;
        Ok(self.title)
    }
}
//# borrowed_field
pub struct Local<'c> { conn: &'c mut Connection }
impl Local<'_> {
    #[commit_on_success(tx = self.conn)]
    pub fn f(&mut self) -> Done<usize> {
        tx.execute("x")
    }
}
//# boxed_self
pub struct Local { conn: Connection }
impl Local {
    #[commit_on_success(tx = &mut self.conn)]
    pub fn f(mut self: Box<Self>) -> Done<usize> {
        tx.execute("x")
    }
}
//# arc_self
pub struct Local { pool: Pool }
impl Local {
    #[commit_on_success(tx = self.pool.get()?)]
    pub fn f(self: Arc<Self>) -> Done<usize> {
        tx.execute("x")
    }
}
//# pinned_self
pub struct Local { title: String }
impl Local {
    #[commit_on_success]
    pub fn f(self: Pin<&mut Self>, conn: &mut Connection) -> Done<usize> {
        conn.execute(&self.title)
    }
}
//# receiver_beside_connection
pub struct Local { title: String }
impl Local {
    #[commit_on_success]
    pub fn f(&self, conn: &mut Connection) -> Done<usize> {
        conn.execute(&self.title)
    }
}
//# unused_self
pub struct Local { title: String }
impl Local {
    #[commit_on_success]
    pub fn f(&self, conn: &mut Connection) -> Done<usize> {
        conn.execute("x")
    }
}
//# needless_mut_self
pub struct Local { title: String }
impl Local {
    #[commit_on_success]
    pub fn f(&mut self, conn: &mut Connection) -> Done<usize> {
        conn.execute(&self.title)
    }
}
//# associated_function
pub struct Local { title: String }
impl Local {
    #[commit_on_success]
    pub fn f(conn: &mut Connection, title: String) -> Done<Self> {
        conn.execute(&title)?;
        Ok(Self { title })
    }
}
//# returns_self
pub struct Local { count: usize }
impl Local {
    #[commit_on_success]
    pub fn f(mut self, conn: &mut Connection) -> Done<Self> {
        self.count = conn.execute("x")?;
        Ok(self)
    }
}
//# names_its_type
pub struct Local { count: usize }
impl Local {
    #[commit_on_success]
    pub fn f(conn: &mut Connection) -> Done<Local> {
        let count = conn.execute("x")?;
        Ok(Local { count })
    }
}
//# trait_method
pub trait Store {
    fn f(&mut self, conn: &mut Connection) -> Done<usize>;
}
pub struct Local { count: usize }
impl Store for Local {
    #[commit_on_success]
    fn f(&mut self, conn: &mut Connection) -> Done<usize> {
        self.count = conn.execute("x")?;
        Ok(self.count)
    }
}
//# default_method
pub trait Store {
    fn title(&self) -> String;
    #[commit_on_success]
    fn f(&self, conn: &mut Connection) -> Done<usize> {
        conn.execute(&self.title())
    }
}
//# associated_type
pub trait Store {
    type Title: AsRef<str>;
    fn title(&self) -> Self::Title;
    #[commit_on_success]
    fn f(&self, conn: &mut Connection) -> Done<Self::Title> {
        let title = self.title();
        conn.execute(title.as_ref())?;
        Ok(title)
    }
}
//# associated_const
pub struct Local;
impl Local {
    const NAME: &'static str = "x";
    #[commit_on_success]
    pub fn f(conn: &mut Connection) -> Done<usize> {
        conn.execute(Self::NAME)
    }
}
//# generic_impl
pub struct Local<T> { value: T }
impl<T: Display> Local<T> {
    #[commit_on_success]
    pub fn f<U: Display>(&self, conn: &mut Connection, other: &U) -> Done<usize> {
        conn.execute(&format!("{}{other}", self.value))
    }
}
//# lifetime_in_impl
pub struct Local<'a> { title: &'a str }
impl<'a> Local<'a> {
    #[commit_on_success]
    pub fn f(&self, conn: &mut Connection) -> Done<&'a str> {
        conn.execute(self.title)?;
        Ok(self.title)
    }
}
//# async_method
pub struct Local { conn: AsyncConnection, count: usize }
impl Local {
    #[commit_on_success(tx = &mut self.conn)]
    pub async fn f(&mut self, name: &str) -> Done<usize> {
        self.count = tx.execute(name).await?;
        Ok(self.count)
    }
}
//# async_method_by_value
pub struct Local { title: String }
impl Local {
    #[commit_on_success]
    pub async fn f(self, conn: &mut AsyncConnection) -> Done<String> {
        conn.execute(&self.title).await?;
        Ok(self.title)
    }
}
//# async_trait_method
pub trait Store {
    #[allow(async_fn_in_trait)]
    async fn f(&mut self, conn: &mut AsyncConnection) -> Done<usize>;
}
pub struct Local { count: usize }
impl Store for Local {
    #[commit_on_success]
    async fn f(&mut self, conn: &mut AsyncConnection) -> Done<usize> {
        self.count = conn.execute("x").await?;
        Ok(self.count)
    }
}
//# attempts
pub struct Local { conn: Connection }
impl Local {
    #[commit_on_success(tx = &mut self.conn, attempts = 3)]
    pub fn f(&mut self, name: &str, mut id: i64) -> Done<usize> {
        id ^= 1;
        tx.execute(&format!("{name}{id}"))
    }
}
//# attempts_by_value
//~ only plain clippy::needless_pass_by_value: moved
#[commit_on_success(attempts = 3)]
pub fn f(conn: &mut Connection, name: String) -> Done<usize> {
    conn.execute(&name)
}
//# attempts_consumed
#[commit_on_success(attempts = 3)]
pub fn f(conn: &mut Connection, order: Order) -> Done<usize> {
    let count = conn.execute(&order.title)?;
    send(order);
    Ok(count)
}
//# options
#[commit_on_success(propagation = required, read_only)]
pub fn f(conn: &mut Connection) -> Done<usize> {
    conn.execute("x")
}
//# drops
//~ only plain clippy::needless_pass_by_value: moved
pub struct Local { title: String }
impl Drop for Local { fn drop(&mut self) {} }
#[commit_on_success]
pub fn f(conn: &mut Connection, local: Local) -> Done<usize> {
    conn.execute(&local.title)
}
//# shadowed_by_own_names
pub struct Local;
impl Local {
    #[commit_on_success]
    pub fn execute(conn: &mut Connection) -> Done<usize> {
        conn.execute("x")
    }
}
//# expression_of_a_call
fn lend(store: &mut Store) -> &mut Connection { &mut store.conn }
#[commit_on_success(tx = &mut *lend(store))]
pub fn f(store: &mut Store) -> Done<usize> {
    tx.execute("x")
}
//# unused_tx
//~ only plain clippy::missing_const_for_fn: constant
//~ only plain unused_variables: unused
pub struct Local { conn: Connection }
impl Local {
    #[commit_on_success(tx = &mut self.conn)]
    pub fn f(&mut self) -> Done {
        Ok(())
    }
}

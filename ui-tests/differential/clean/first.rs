//# a
#[commit_on_success]
pub fn a(conn: &mut Connection, id: i64) -> Result<usize, DbError> { if id == 0 { return Ok(1); } conn.execute("x") }
//# b
#[commit_on_success]
pub fn b(mut conn: Pooled, mut title: String) -> Result<usize, DbError> { title.push('x'); conn.execute(&title) }
//# c
#[commit_on_success]
pub fn c(_conn: &mut Connection, _x: String) -> Result<(), DbError> { Ok(()) }
//# d
#[commit_on_success]
pub fn d(conn: &mut Connection, x: String) -> Result<(), DbError> { Ok(()) }
//# e
#[commit_on_success]
pub async fn e(conn: &mut AsyncConnection, mut x: String, y: String) -> Result<(), DbError> { x.push('y'); let _ = conn.execute(&x).await; Ok(()) }
//# m
pub struct S { pub conn: Connection, pub n: usize }
impl S {
    #[commit_on_success(tx = &mut self.conn)]
    pub fn g(&mut self, mut t: String) -> Result<(), DbError> { self.n += 1; t.push('x'); tx.execute(&t)?; Ok(()) }
    #[commit_on_success(tx = &mut self.conn, attempts = 2)]
    pub fn h(&mut self, mut t: String, u: String) -> Result<(), DbError> { self.n += 1; t.push('x'); tx.execute(&t)?; drop(u); Ok(()) }
}

//! Above `#[tokio::main]` and `#[tokio::test]`, an annotated function is what these run.
#![deny(warnings)]

use commit_on_success::commit_on_success;
use commit_on_success_ui_tests::{AsyncPool, DbError};

#[commit_on_success(tx = &AsyncPool::default())]
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), DbError> {
    tx.execute("UPDATE").await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[commit_on_success(tx = &AsyncPool::default())]
    #[tokio::test]
    async fn renames() -> Result<(), DbError> {
        tx.execute("UPDATE").await?;
        Ok(())
    }
}

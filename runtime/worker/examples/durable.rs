//! Objects in a database and a full-text index that follows them, also when the process dies between the two.
//!
//! ```sh
//! cargo run -p commit_on_success_worker --example durable --features postgres
//! cargo run -p commit_on_success_worker --example durable --features postgres -- postgres://…
//! ```
//!
//! The database is a new file of SQLite, or the one of PostgreSQL that is given, where it makes a table `object` and those of jobs. The program
//! starts itself once more as a process that dies right after its COMMIT, and then does what that has left undone.

use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex};

use anyhow::{Context as _, Result, anyhow, ensure};
use commit_on_success::jobs::Job;
use commit_on_success::{commit_on_success, defer, enqueue};
use commit_on_success_worker::{Context, Handlers, JobPool, Worker, migrate};
use serde::{Deserialize, Serialize};
use sqlx::{PgPool, SqlitePool, query, query_scalar};
use tantivy::collector::TopDocs;
use tantivy::query::QueryParser;
use tantivy::schema::{Field, INDEXED, STORED, Schema, TEXT, Value};
use tantivy::{Index, IndexWriter, TantivyDocument, Term};

/// The job carries the id only: its handler reads the row, so it does not matter if it runs late, or twice.
#[derive(Serialize, Deserialize)]
struct IndexObject {
    id: i64,
}

impl Job for IndexObject {
    const KIND: &'static str = "index_object";
}

/// A database of objects.
trait Objects: JobPool {
    /// Makes the tables, unless they are there.
    async fn prepare(&self) -> Result<()>;

    /// Writes the object's row, and a job in the same transaction.
    async fn update_object(&self, id: i64, title: &str) -> Result<()>;

    /// The title that the row has now.
    fn title(&self, id: i64) -> impl Future<Output = Result<Option<String>>> + Send;
}

/// The same for two databases, whose pools and transactions are of different types.
macro_rules! objects {
    ($pool:ty) => {
        impl Objects for $pool {
            async fn prepare(&self) -> Result<()> {
                query("CREATE TABLE IF NOT EXISTS object (id BIGINT PRIMARY KEY, title TEXT)")
                    .execute(self)
                    .await?;
                Ok(migrate(self).await?)
            }

            #[commit_on_success(tx = self)]
            async fn update_object(&self, id: i64, title: &str) -> Result<()> {
                query(
                    "INSERT INTO object VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET title = $2",
                )
                .bind(id)
                .bind(title)
                .execute(&mut *tx)
                .await?;
                if title.contains("dies") {
                    defer!(std::process::abort()); // the first thing after COMMIT
                }
                enqueue!(tx, IndexObject { id }).await?;
                ensure!(!title.is_empty(), "an object has a title");
                Ok(())
            }

            async fn title(&self, id: i64) -> Result<Option<String>> {
                let title = query_scalar("SELECT title FROM object WHERE id = $1");
                Ok(title.bind(id).fetch_optional(self).await?)
            }
        }
    };
}

objects!(SqlitePool);
objects!(PgPool);

/// Brings the index to what the row says now.
async fn index_object(pool: impl Objects, search: Arc<Search>, job: IndexObject) -> Result<()> {
    search.replace(job.id, pool.title(job.id).await?)
}

#[tokio::main]
async fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let (given, fate) = (arguments.next(), arguments.next());
    let directory; // lives as long as the program
    let url = if let Some(url) = given {
        url
    } else {
        directory = tempfile::tempdir()?;
        format!(
            "sqlite:{}/objects.sqlite?mode=rwc",
            directory.path().display()
        )
    };
    if url.starts_with("postgres") {
        start(PgPool::connect(&url).await?, &url, fate).await
    } else {
        start(SqlitePool::connect(&url).await?, &url, fate).await
    }
}

async fn start(pool: impl Objects, url: &str, fate: Option<String>) -> Result<()> {
    pool.prepare().await?;
    if fate.is_some() {
        pool.update_object(1, "A process that dies").await?;
        return Err(anyhow!("it has not died"));
    }
    let died = Command::new(std::env::current_exe()?)
        .args([url, "dies"])
        .status()?;
    println!("a process has updated an object, and died: {died}");
    pool.update_object(2, "")
        .await
        .err()
        .context("it was committed")?;
    pool.update_object(3, "A process that lives").await?;
    catch_up(pool).await
}

async fn catch_up(pool: impl Objects) -> Result<()> {
    let directory = tempfile::tempdir()?;
    let search = Arc::new(Search::open(directory.path())?);
    println!("before the worker starts, {}", search.find("process")?);
    let (its_pool, index) = (pool.clone(), Arc::clone(&search));
    let handlers = Handlers::new().handle(move |_: Context, job: IndexObject| {
        index_object(its_pool.clone(), Arc::clone(&index), job)
    });
    // A program that goes on to live has `Worker::start`.
    let jobs = Worker::drain(&pool, &handlers).await?;
    println!("after {jobs} jobs, {}", search.find("process")?);
    Ok(())
}

/// A full-text index of objects.
struct Search {
    writer: Mutex<IndexWriter>,
    index: Index,
    id: Field,
    title: Field,
}

impl Search {
    fn open(directory: &Path) -> Result<Self> {
        let mut schema = Schema::builder();
        let id = schema.add_i64_field("id", INDEXED | STORED);
        let title = schema.add_text_field("title", TEXT);
        let directory = directory.join("index");
        std::fs::create_dir_all(&directory)?;
        let index = Index::builder()
            .schema(schema.build())
            .open_or_create(tantivy::directory::MmapDirectory::open(directory)?)?;
        let writer = Mutex::new(index.writer_with_num_threads(1, 15_000_000)?);
        Ok(Self {
            writer,
            index,
            id,
            title,
        })
    }

    /// Has an object found by this title only, or not at all.
    fn replace(&self, id: i64, title: Option<String>) -> Result<()> {
        let mut writer = self
            .writer
            .lock()
            .map_err(|_| anyhow!("the index is broken"))?;
        writer.delete_term(Term::from_field_i64(self.id, id));
        if let Some(title) = title {
            let mut document = TantivyDocument::default();
            document.add_i64(self.id, id);
            document.add_text(self.title, title);
            writer.add_document(document)?;
        }
        writer.commit()?;
        Ok(())
    }

    fn find(&self, words: &str) -> Result<String> {
        let searcher = self.index.reader()?.searcher();
        let query = QueryParser::for_index(&self.index, vec![self.title]).parse_query(words)?;
        let hits = searcher.search(&query, &TopDocs::with_limit(10).order_by_score())?;
        let mut ids = Vec::new();
        for (_, address) in hits {
            let document: TantivyDocument = searcher.doc(address)?;
            ids.extend(document.get_first(self.id).and_then(|id| id.as_i64()));
        }
        ids.sort_unstable();
        Ok(format!("{words:?} is found in {ids:?}"))
    }
}

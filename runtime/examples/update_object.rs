//! Objects in a SQLite file, an audit trail under savepoints, and a full-text index that only ever hears
//! of what was committed.
//!
//! ```sh
//! cargo run -p commit_on_success --example update_object --features rusqlite -- objects.jsonl
//! ```
//!
//! The argument is a file of JSON lines: `{"id": 1, "title": "…", "body": "…"}`. An optional
//! `"audit": "refused"` makes the audit row of that object fail.

use std::io::BufRead;
use std::sync::{Arc, Mutex};

use anyhow::{Context, Result, anyhow};
use commit_on_success::{commit_on_success, defer};
use rusqlite::Connection;
use serde::Deserialize;
use tantivy::collector::TopDocs;
use tantivy::query::QueryParser;
use tantivy::schema::{Field, INDEXED, STORED, STRING, Schema, TEXT, Value};
use tantivy::{Index, IndexWriter, TantivyDocument, Term};

#[derive(Debug, Deserialize)]
struct Object {
    id: i64,
    title: String,
    body: String,
    audit: Option<String>,
}

/// Writes the object's row; indexes it once that is committed.
#[commit_on_success]
fn update_object(conn: &mut Connection, search: &Arc<Search>, object: Object) -> Result<()> {
    conn.execute(
        "INSERT INTO object (id, title, body) VALUES (?1, ?2, ?3)
         ON CONFLICT (id) DO UPDATE SET title = ?2, body = ?3",
        (object.id, &object.title, &object.body),
    )?;
    let verdict = object.audit.as_deref().unwrap_or("accepted");
    if let Err(error) = audit(conn, search, object.id, verdict) {
        println!("  the audit failed ({error}); the update goes on without it");
    }
    defer!(
        search
            .clone()
            .index("object", object.id, object.title, object.body)
    );
    Ok(())
}

/// A savepoint inside `update_object`: if it fails, its row and its deferred call go, and nothing else.
#[commit_on_success]
fn audit(conn: &mut Connection, search: &Arc<Search>, id: i64, verdict: &str) -> Result<()> {
    let note = format!("object {id} was {verdict}");
    defer!(
        search
            .clone()
            .index("audit", id, "audit".to_owned(), note.clone())
    );
    conn.execute(
        "INSERT INTO audit (object, verdict) VALUES (?1, ?2)",
        (id, verdict),
    )?;
    Ok(())
}

fn main() -> Result<()> {
    let path = std::env::args()
        .nth(1)
        .context("usage: update_object FILE.jsonl")?;
    let objects = read(&path)?;
    let directory = tempfile::tempdir()?;
    let mut conn = Connection::open(directory.path().join("objects.sqlite"))?;
    conn.execute_batch(
        "CREATE TABLE object (id INTEGER PRIMARY KEY, title TEXT CHECK (title <> ''), body TEXT);
         CREATE TABLE audit (object INTEGER, verdict TEXT CHECK (verdict = 'accepted'));",
    )?;
    let search = Arc::new(Search::open(directory.path())?);

    for object in objects {
        let id = object.id;
        println!("update_object {id} {:?}", object.title);
        match update_object(&mut conn, &search, object) {
            Ok(()) => println!("  committed"),
            Err(error) => println!("  rolled back: {error}"),
        }
        let title = title(&conn, id)?;
        println!("  database: {title:?}, {} audit row(s)", audits(&conn, id)?);
        println!("  search:   {}", search.find("object", &title)?);
        println!(
            "            {}",
            search.find("audit", &format!("object {id}"))?
        );
    }
    Ok(())
}

fn read(path: &str) -> Result<Vec<Object>> {
    let file = std::fs::File::open(path).with_context(|| format!("cannot open {path}"))?;
    std::io::BufReader::new(file)
        .lines()
        .enumerate()
        .filter(|(_, line)| !line.as_ref().is_ok_and(|line| line.trim().is_empty()))
        .map(|(number, line)| {
            serde_json::from_str(&line?).with_context(|| format!("{path}, line {}", number + 1))
        })
        .collect()
}

fn title(conn: &Connection, id: i64) -> Result<String> {
    let sql = "SELECT title FROM object WHERE id = ?1";
    Ok(conn.query_row(sql, [id], |row| row.get(0))?)
}

fn audits(conn: &Connection, id: i64) -> Result<i64> {
    let sql = "SELECT count(*) FROM audit WHERE object = ?1";
    Ok(conn.query_row(sql, [id], |row| row.get(0))?)
}

/// A full-text index of objects and of audit notes.
struct Search {
    writer: Mutex<IndexWriter>,
    index: Index,
    key: Field,
    kind: Field,
    id: Field,
    title: Field,
    body: Field,
}

impl Search {
    fn open(directory: &std::path::Path) -> Result<Self> {
        let mut schema = Schema::builder();
        let key = schema.add_text_field("key", STRING);
        let kind = schema.add_text_field("kind", STRING);
        let id = schema.add_i64_field("id", INDEXED | STORED);
        let title = schema.add_text_field("title", TEXT);
        let body = schema.add_text_field("body", TEXT);
        let directory = directory.join("index");
        std::fs::create_dir(&directory)?;
        let index = Index::create_in_dir(directory, schema.build())?;
        let writer = Mutex::new(index.writer_with_num_threads(1, 15_000_000)?);
        Ok(Self {
            writer,
            index,
            key,
            kind,
            id,
            title,
            body,
        })
    }

    /// Replaces a document.
    fn index(self: Arc<Self>, kind: &str, id: i64, title: String, body: String) -> Result<()> {
        let mut writer = self
            .writer
            .lock()
            .map_err(|_| anyhow!("the index is broken"))?;
        let key = format!("{kind}/{id}");
        writer.delete_term(Term::from_field_text(self.key, &key));
        let mut document = TantivyDocument::default();
        document.add_text(self.key, key);
        document.add_text(self.kind, kind);
        document.add_i64(self.id, id);
        document.add_text(self.title, title);
        document.add_text(self.body, body);
        writer.add_document(document)?;
        writer.commit()?;
        Ok(())
    }

    /// The titles that a search among the documents of a kind finds.
    fn find(&self, kind: &str, words: &str) -> Result<String> {
        let searcher = self.index.reader()?.searcher();
        let parser = QueryParser::for_index(&self.index, vec![self.title, self.body]);
        let query = parser.parse_query(&format!("+kind:{kind} +\"{words}\""))?;
        let hits = searcher.search(&query, &TopDocs::with_limit(10).order_by_score())?;
        let found = hits
            .into_iter()
            .map(|(_, address)| searcher.doc(address))
            .collect::<tantivy::Result<Vec<TantivyDocument>>>()?;
        let ids: Vec<_> = found
            .iter()
            .filter_map(|document| document.get_first(self.id)?.as_i64())
            .collect();
        Ok(format!("{words:?} is found in {kind} {ids:?}"))
    }
}

//! A small service whose clients hang up, and a judge who holds each answer against the tables.
//!
//! An order is a lock on one of fifty rows of the stock, a row, an audit in a nested block that sometimes fails, and
//! calls once it is committed. It is placed in four [ways](store::Way): by the attribute, by the attribute in a task of
//! its own, by hand, and by hand with a look at the transaction before `COMMIT`; on the pools of five
//! [backends](store::Backend). Each way has a pool, a schema and a server of HTTP of its own, and the ways take turns,
//! so that neighbours can be compared.
//!
//! ```sh
//! bash tests/run -- cargo run -p commit_on_success_service -- --seconds 10 --clients 64 --hang-up 0.3
//! cargo run -p commit_on_success_service -- --backend rusqlite --way attribute --way by-hand
//! ```
//!
//! prints a line for each way, and exits with 1 if the attribute has broken a promise. `--help` says what else can go
//! wrong while the clients are served: sessions that are ended, wires that are cut, a server that is restarted.
//!
//! | module | what it is |
//! | --- | --- |
//! | [`order`] | the orders, and the answers to them |
//! | [`store`] | the ways to do it |
//! | [`effects`], [`ledger`] | the calls that ran; the tables, and who is busy with them |
//! | [`server`], [`client`], [`chaos`] | the service, the crowd in front of it, and what happens to them |
//! | [`judge`] | what the answers, the calls and the tables say of each other |
//! | [`stand`], [`turns`] | a way with all that belongs to it, and the ways one after the other |
//! | [`options`], [`report`] | the command line and the table |
//! | [`soak`], [`waiting`], [`memory`] | a long time of work, and requests that wait; what a process has |

mod words;

pub mod chaos;
pub mod client;
pub mod effects;
pub mod judge;
pub mod ledger;
pub mod memory;
pub mod options;
pub mod order;
pub mod report;
pub mod server;
pub mod soak;
pub mod stand;
pub mod store;
pub mod turns;
pub mod waiting;

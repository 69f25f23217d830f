#![doc = include_str!("../../../docs/drivers/sea_orm.md")]

mod begin;
mod check;
mod code;
mod database;
mod ends;
mod savepoint;
mod source;
mod transaction;

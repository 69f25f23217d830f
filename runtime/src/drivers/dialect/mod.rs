//! The languages of the databases, through whichever driver.
#![allow(dead_code, reason = "each driver needs its part")]

pub(super) mod mysql;
pub(super) mod postgresql;
pub(super) mod sqlite;

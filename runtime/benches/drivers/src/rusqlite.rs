//! rusqlite, in memory.

use commit_on_success_bench_rusqlite::{self as cases, Work};

use crate::Result;
use crate::table::{Section, Way};

const SECTION: Section = Section("rusqlite, in memory");

pub(crate) fn measure() -> Result {
    for work in Work::ALL {
        let mut connection = cases::open()?;
        let what = format!("{}, time", work.name());
        SECTION.compare(&what, "by hand", work.to_reach(), |way, times| {
            let way = match way {
                Way::ByHand | Way::Verified => cases::Way::ByHand,
                Way::Annotated => cases::Way::Annotated,
            };
            Ok(cases::run(way, work, &mut connection, times)?)
        })?;
    }
    Ok(())
}

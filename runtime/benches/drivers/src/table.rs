//! The rows that `runtime/benches/run` collects.

use std::fmt::Display;

use crate::Result;
use crate::turns::Turns;

/// Part of the table.
#[derive(Clone, Copy)]
pub(crate) struct Section(pub(crate) &'static str);

impl Section {
    pub(crate) fn row(self, what: &str, against: &str, figure: impl Display, to_reach: &str) {
        println!("row\t{}\t{what}\t{against}\t{figure}\t{to_reach}", self.0);
    }

    /// A transaction that is compared with one by hand.
    pub(crate) fn compare(
        self,
        what: &str,
        by_hand: &str,
        to_reach: &str,
        run: impl FnMut(Way, u32) -> Result,
    ) -> Result {
        let turns = Turns::take(&[Way::ByHand, Way::Annotated], run)?;
        let ratio = turns.ratio(Way::Annotated, Way::ByHand);
        self.row(what, by_hand, ratio, to_reach);
        Ok(())
    }

    /// A transaction that is compared with two by hand.
    pub(crate) fn compare_verified(
        self,
        what: &str,
        (by_hand, to_reach): (&str, &str),
        (verified, to_reach_verified): (&str, &str),
        run: impl FnMut(Way, u32) -> Result,
    ) -> Result {
        let turns = Turns::take(&[Way::ByHand, Way::Verified, Way::Annotated], run)?;
        let ratio = turns.ratio(Way::Annotated, Way::Verified);
        self.row(what, verified, ratio, to_reach_verified);
        let ratio = turns.ratio(Way::Annotated, Way::ByHand);
        self.row(what, by_hand, ratio, to_reach);
        let price = turns.ratio(Way::Verified, Way::ByHand);
        self.row(&format!("{what}: {verified}"), by_hand, price, "");
        Ok(())
    }
}

/// One of the ways to begin and commit that are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// The driver's own means.
    ByHand,
    /// The driver's own means, and a question to the database before the commit.
    Verified,
    /// The attribute.
    Annotated,
}

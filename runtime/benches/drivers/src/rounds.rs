//! Rounds in which everybody takes a turn, and the ratios within them.

use std::fmt;

/// Each begins as often as the others, with either neighbour after it.
pub(crate) fn order(ways: usize, round: usize) -> impl Iterator<Item = usize> {
    let backwards = (round / ways) % 2 == 1;
    (0..ways).map(move |turn| {
        let turn = if backwards { ways - turn } else { turn };
        (turn + round) % ways
    })
}

/// The ratios of all rounds, from the lowest to the highest.
pub(crate) struct Ratio(Vec<f64>);

impl Ratio {
    pub(crate) fn of(quotients: impl Iterator<Item = f64>) -> Self {
        let mut quotients: Vec<f64> = quotients.collect();
        quotients.sort_by(f64::total_cmp);
        Self(quotients)
    }

    pub(crate) fn median(&self) -> f64 {
        self.quartile(2)
    }

    fn quartile(&self, quarter: usize) -> f64 {
        self.0[self.0.len() * quarter / 4]
    }
}

/// The median, its quartiles, and how many rounds there were; with three decimals, unless others are asked for.
impl fmt::Display for Ratio {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (rounds, median) = (self.0.len(), self.median());
        let (lower, upper) = (self.quartile(1), self.quartile(3));
        let decimals = formatter.precision().unwrap_or(3);
        write!(
            formatter,
            "{median:.decimals$} ({lower:.decimals$} … {upper:.decimals$}, n = {rounds})"
        )
    }
}

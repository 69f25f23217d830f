//! Random programs one after the other, and the smallest among those that go wrong.

use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use crate::faults::{cases, seed};
use crate::model::{Block, Seen, programs};

/// As many programs as are asked for; always the same unless another seed is given.
pub fn searches() -> impl Iterator<Item = Search> {
    let (cases, seed) = (cases(256), seed());
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let random = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let mut runner = TestRunner::new_with_rng(Config::default(), random);
    (0..cases).map(move |_| match programs().new_tree(&mut runner) {
        Ok(tree) => Search::new(tree),
        Err(reason) => unreachable!("nothing is filtered out: {reason}"),
    })
}

/// Looks for the smallest program that goes wrong, from one that may.
pub struct Search {
    tree: Box<dyn ValueTree<Value = Block>>,
    over: bool,
    wrong: Option<(Block, Seen, Seen)>,
}

impl Search {
    fn new(tree: impl ValueTree<Value = Block> + 'static) -> Self {
        Self {
            tree: Box::new(tree),
            over: false,
            wrong: None,
        }
    }

    /// What to run next.
    #[must_use]
    pub fn candidate(&self) -> Option<Block> {
        (!self.over).then(|| self.tree.current())
    }

    /// What came of it.
    pub fn judge(&mut self, program: Block, expected: Seen, seen: Seen) {
        let more = if expected == seen {
            self.wrong.is_some() && self.tree.complicate()
        } else {
            self.wrong = Some((program, expected, seen));
            self.tree.simplify()
        };
        self.over = !more;
    }

    /// What is wrong with the smallest program that went wrong, if one did.
    #[must_use]
    pub fn wrong(self) -> Option<String> {
        let (program, expected, seen) = self.wrong?;
        Some(format!(
            "{program:#?}\nexpected {expected:#?}\nseen {seen:#?}"
        ))
    }
}

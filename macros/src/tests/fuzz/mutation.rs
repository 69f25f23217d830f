//! Valid tokens, spoiled.

use proptest::arbitrary::any;
use proptest::collection::vec;
use proptest::prop_oneof;
use proptest::sample::{Index, select};
use proptest::strategy::Strategy;

use super::tokens::{Fence, Tree, trees};
use super::vocabulary::{fence, word};

/// One change, at one of all places.
#[derive(Clone, Debug)]
enum Change {
    Delete(Index),
    Duplicate(Index),
    /// A tree changes places with the one that follows it.
    Swap(Index),
    Replace(Index, String),
    Insert(Index, String),
    /// Leaves out the rest of a group.
    Truncate(Index),
    Wrap(Index, usize, Fence),
    Unwrap(Index),
}

/// One of the samples, with some changes or with none.
pub(super) fn spoiled(samples: &'static [&'static str]) -> impl Strategy<Value = Vec<Tree>> {
    let changes = prop_oneof![vec(change(), 0..2), vec(change(), 0..6)];
    (select(samples), changes).prop_map(|(sample, changes)| {
        let mut trees = trees(sample);
        for change in changes {
            apply(change, &mut trees);
        }
        trees
    })
}

fn change() -> impl Strategy<Value = Change> {
    let place = any::<Index>;
    prop_oneof![
        place().prop_map(Change::Delete),
        place().prop_map(Change::Duplicate),
        place().prop_map(Change::Swap),
        (place(), word()).prop_map(|(place, word)| Change::Replace(place, word)),
        (place(), word()).prop_map(|(place, word)| Change::Insert(place, word)),
        place().prop_map(Change::Truncate),
        (place(), 1_usize..4, fence())
            .prop_map(|(place, count, fence)| Change::Wrap(place, count, fence)),
        place().prop_map(Change::Unwrap),
    ]
}

fn apply(change: Change, trees: &mut Vec<Tree>) {
    let place = match &change {
        Change::Delete(place)
        | Change::Duplicate(place)
        | Change::Swap(place)
        | Change::Replace(place, _)
        | Change::Insert(place, _)
        | Change::Truncate(place)
        | Change::Wrap(place, ..)
        | Change::Unwrap(place) => place,
    };
    let paths = paths(trees);
    if paths.is_empty() {
        return;
    }
    let (siblings, at) = find(trees, place.get::<Vec<usize>>(&paths));
    match change {
        Change::Delete(_) => drop(siblings.remove(at)),
        Change::Duplicate(_) => siblings.insert(at, siblings[at].clone()),
        Change::Swap(_) if at + 1 < siblings.len() => siblings.swap(at, at + 1),
        Change::Swap(_) => {}
        Change::Replace(_, word) => siblings[at] = Tree::Word(word),
        Change::Insert(_, word) => siblings.insert(at, Tree::Word(word)),
        Change::Truncate(_) => siblings.truncate(at),
        Change::Wrap(_, count, fence) => {
            let end = siblings.len().min(at + count);
            let inner: Vec<_> = siblings.drain(at..end).collect();
            siblings.insert(at, Tree::Group(fence, inner));
        }
        Change::Unwrap(_) => {
            if let Tree::Group(_, inner) = siblings[at].clone() {
                siblings.splice(at..=at, inner);
            }
        }
    }
}

/// The paths to all the trees, those in groups included.
fn paths(trees: &[Tree]) -> Vec<Vec<usize>> {
    let mut all = Vec::new();
    for (index, tree) in trees.iter().enumerate() {
        all.push(vec![index]);
        if let Tree::Group(_, inner) = tree {
            let inner = paths(inner).into_iter();
            all.extend(inner.map(|path| [vec![index], path].concat()));
        }
    }
    all
}

fn find<'trees>(trees: &'trees mut Vec<Tree>, path: &[usize]) -> (&'trees mut Vec<Tree>, usize) {
    match path {
        [] => unreachable!("a path leads somewhere"),
        [last] => (trees, *last),
        [first, rest @ ..] => match &mut trees[*first] {
            Tree::Group(_, inner) => find(inner, rest),
            Tree::Word(_) => unreachable!("only a group has something in it"),
        },
    }
}

//! One function, with a hole for the attribute and one for what stands in its place.

use crate::body::{Body, Kind, Local, Setting};
use crate::dice::Dice;
use crate::outputs::{self, Failure, Output};
use crate::parameters::{self, Bound, Parameter, Use};
use crate::places::Place;
use crate::sources::{self, Access, Owner, Receiver, Source};

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flavour {
    Sync,
    Async,
    /// `-> impl Future`
    Future,
    /// `-> Pin<Box<dyn Future>>`
    Boxed,
}

/// A function in parts, for both forms to be written from.
pub(crate) struct Draft {
    pub(crate) place: Place,
    pub(crate) flavour: Flavour,
    pub(crate) source: &'static Source,
    pub(crate) receiver: Option<&'static Receiver>,
    /// The parameters after the receiver.
    pub(crate) parameters: Vec<String>,
    pub(crate) output: &'static str,
    /// The expression that the body ends in.
    pub(crate) value: &'static str,
    pub(crate) failure: &'static Failure,
    pub(crate) is_unsafe: bool,
    pub(crate) options: Option<&'static str>,
    pub(crate) body: Vec<String>,
}

impl Draft {
    pub(crate) fn new(dice: &mut Dice) -> Self {
        let flavour = *dice.pick(&[
            Flavour::Sync,
            Flavour::Sync,
            Flavour::Sync,
            Flavour::Async,
            Flavour::Async,
            Flavour::Future,
            Flavour::Boxed,
        ]);
        let source = match flavour {
            Flavour::Sync => dice.pick(sources::SYNC),
            Flavour::Async => dice.pick(sources::ASYNC),
            Flavour::Future | Flavour::Boxed => dice.pick(sources::FUTURE),
        };
        let place = Place::new(dice, source, flavour);
        let receiver = receiver(dice, place, source.owner);
        let failure = failure(dice, flavour, source);
        let output = output(dice, flavour, place, source, receiver);
        let (parameters, mut locals) = parameters(dice, flavour, source, output);
        locals.extend(receiver.into_iter().flat_map(|it| of_receiver(it, place)));
        let is_unsafe = dice.happens(10);
        let setting = Setting {
            conn: source.conn.to_owned(),
            awaits: flavour != Flavour::Sync,
            is_unsafe,
            failure,
            value: output.value,
        };
        let body = Body::new(dice, locals, setting).write();
        let mut draft = Self {
            place,
            flavour,
            source,
            receiver,
            parameters,
            output: output.ty,
            value: output.value,
            failure,
            is_unsafe,
            options: None,
            body,
        };
        draft.options = draft.options(dice);
        draft
    }

    /// A body that may run again makes demands of its own: it needs clones, and lends what it borrows.
    fn options(&self, dice: &mut Dice) -> Option<&'static str> {
        let options = dice.happens(20).then(|| *dice.pick(sources::OPTIONS))?;
        let plain = |parameter: &String| {
            let ty = parameter.rsplit(": ").next().unwrap_or_default();
            ["i64", "String", "bool", "Vec<i64>"].contains(&ty) && !parameter.contains("ref ")
        };
        let repeats = self.receiver.is_none()
            && self.source.head.is_empty()
            && self
                .parameters
                .iter()
                .all(|it| plain(it) || it == self.source.parameter);
        (repeats || !options.contains("attempts")).then_some(options)
    }
}

fn receiver(dice: &mut Dice, place: Place, owner: Owner) -> Option<&'static Receiver> {
    if !place.has_receiver() || owner == Owner::Anybody && dice.happens(10) {
        return None;
    }
    loop {
        let receiver = dice.pick(sources::RECEIVERS);
        let Receiver(text, access) = receiver;
        let changes = matches!(access, Access::Changed | Access::Own);
        let fits = match owner {
            Owner::Object | Owner::Lent => changes,
            Owner::Anybody | Owner::Shared => true,
        };
        let fits_trait = place != Place::Provided || text.starts_with('&');
        if fits && fits_trait {
            return Some(receiver);
        }
    }
}

fn failure(dice: &mut Dice, flavour: Flavour, source: &Source) -> &'static Failure {
    loop {
        let failure = match flavour {
            Flavour::Future | Flavour::Boxed => dice.pick(&outputs::FAILURES[..outputs::SENDABLE]),
            Flavour::Sync | Flavour::Async => dice.pick(outputs::FAILURES),
        };
        if failure.from_driver || !source.argument.contains('?') {
            return failure;
        }
    }
}

fn output(
    dice: &mut Dice,
    flavour: Flavour,
    place: Place,
    source: &Source,
    receiver: Option<&Receiver>,
) -> &'static Output {
    const SELF: &Output = &Output {
        ty: "Self",
        value: "self",
        from: "",
    };
    let sendable = matches!(flavour, Flavour::Future | Flavour::Boxed);
    let access = receiver.map(|Receiver(_, access)| *access);
    let of_fields = place != Place::Provided && dice.happens(50);
    match access {
        Some(Access::Borrowed | Access::Changed) if of_fields && dice.happens(50) => {
            dice.pick(outputs::OF_BORROWED)
        }
        Some(Access::Changed) if of_fields => dice.pick(outputs::OF_CHANGED),
        // A value that owns the connection is not given away while the transaction is open.
        Some(Access::Owned | Access::Own)
            if of_fields
                && source.owner == Owner::Anybody
                && receiver.is_some_and(|Receiver(text, _)| !text.contains("Box")) =>
        {
            SELF
        }
        _ if sendable || dice.happens(45) => dice.pick(outputs::OWNED),
        _ => dice.pick(outputs::OTHERS),
    }
}

/// The parameters, the source among them, and what they give to the body.
fn parameters(
    dice: &mut Dice,
    flavour: Flavour,
    source: &Source,
    output: &Output,
) -> (Vec<String>, Vec<Local>) {
    let (mut written, mut locals) = (Vec::new(), Vec::new());
    let count = dice.below(5);
    let sendable = matches!(flavour, Flavour::Future | Flavour::Boxed);
    for index in 0..count {
        let Parameter(text, bounds) = if sendable || dice.happens(55) {
            dice.pick(parameters::OWNED)
        } else {
            dice.pick(parameters::OTHERS)
        };
        let name = |text: &str| {
            text.replace("$a", &format!("p{index}"))
                .replace("$b", &format!("q{index}"))
        };
        // A future has no place for what a pattern borrows from.
        if written.contains(&name(text)) || sendable && text.starts_with("ref ") {
            continue;
        }
        written.push(name(text));
        locals.extend(bounds.iter().map(|Bound(read, kind, can)| Local {
            read: name(read),
            kind: *kind,
            can: *can,
        }));
    }
    if !output.from.is_empty() {
        written.push(output.from.to_owned());
    }
    if !source.parameter.is_empty() {
        let first = source.argument.is_empty() || source.argument.starts_with("crate");
        let at = if first {
            0
        } else {
            dice.below(written.len() + 1)
        };
        written.insert(at, source.parameter.to_owned());
    }
    (written, locals)
}

fn of_receiver(receiver: &Receiver, place: Place) -> Vec<Local> {
    let local = |read: &str, kind, can| Local {
        read: read.to_owned(),
        kind,
        can,
    };
    if place == Place::Provided {
        return vec![
            local("self.count()", Kind::Int, Use::Read),
            local("self.title().to_owned()", Kind::Text, Use::Read),
        ];
    }
    let can = match receiver.1 {
        Access::Changed | Access::Own => Use::Change,
        Access::Borrowed | Access::Owned | Access::Counted => Use::Read,
    };
    vec![
        local("self.count", Kind::Int, can),
        local("self.title", Kind::Text, can),
        local("self.ints", Kind::Ints, Use::Read),
    ]
}

//! From the grammar to the body of one function.

use crate::dice::Dice;
use crate::outputs::Failure;
use crate::parameters::Use;
use crate::tables::{FLAGS, INT_LISTS, INTS, MAYBES, STATEMENTS, Statement, TAILS, TEXTS, When};

/// The kind of value that a name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Int,
    Flag,
    Text,
    Ints,
    Maybe,
    /// A function from an integer to another.
    Call,
}

/// Something that can be named.
#[derive(Clone)]
pub(crate) struct Local {
    pub(crate) read: String,
    pub(crate) kind: Kind,
    pub(crate) can: Use,
}

/// The traits of a function that its body depends on.
pub(crate) struct Setting {
    pub(crate) conn: String,
    pub(crate) awaits: bool,
    pub(crate) is_unsafe: bool,
    pub(crate) failure: &'static Failure,
    /// An expression for the value that the function returns.
    pub(crate) value: &'static str,
}

pub(crate) struct Body<'dice> {
    pub(crate) dice: &'dice mut Dice,
    pub(crate) locals: Vec<Local>,
    pub(crate) setting: Setting,
    names: usize,
    /// The number of expressions and blocks around the place that is written.
    depth: usize,
}

/// New names, the same for the same letter.
#[derive(Default)]
struct Names(Vec<(char, String)>);

impl<'dice> Body<'dice> {
    pub(crate) fn new(dice: &'dice mut Dice, locals: Vec<Local>, setting: Setting) -> Self {
        Self {
            dice,
            locals,
            setting,
            names: 0,
            depth: 0,
        }
    }

    /// All lines of it.
    pub(crate) fn write(&mut self) -> Vec<String> {
        let count = self.dice.below(8);
        let mut lines: Vec<_> = (0..count).map(|_| self.statement(STATEMENTS)).collect();
        let tail = self.statement(TAILS);
        if self.dice.happens(75) {
            let text = format!("{} {tail}", lines.join(" "));
            lines.extend(self.uses(&text, 0));
            if occurrences(&text, &self.setting.conn) == 0 {
                lines.push(format!("{}.ok();", self.execution()));
            }
        }
        lines.push(tail);
        lines
    }

    /// Uses what nothing in the text does, of the names from that number on.
    fn uses(&self, text: &str, first: usize) -> Vec<String> {
        let unused = self.locals[first..].iter().filter(|local| {
            let name = local
                .read
                .split(|it: char| !it.is_alphanumeric() && it != '_');
            let mut name = name.filter(|part| !["", "r", "self"].contains(part));
            // A name of the body is there at least where it is declared.
            name.next()
                .is_some_and(|name| occurrences(text, name) <= usize::from(name.starts_with('v')))
        });
        let uses = unused.map(|Local { read, kind, .. }| match kind {
            Kind::Int | Kind::Flag => format!("note({read});"),
            Kind::Text if read.ends_with([')', '}']) => format!("note({read});"),
            Kind::Text => format!("note(&{read});"),
            Kind::Ints => format!("note({read}.len());"),
            Kind::Maybe => format!("note({read}.is_some());"),
            Kind::Call => format!("note({read}(1));"),
        });
        uses.collect()
    }

    /// Fills in names that no other part of the body has.
    pub(crate) fn apart(&mut self, text: &str) -> String {
        self.names = 1_000;
        self.fill(text, &mut Names::default())
    }

    /// One of a list that can be used here.
    pub(crate) fn statement(&mut self, list: &'static [Statement]) -> String {
        loop {
            let Statement(text, gives, when) = self.dice.pick(list);
            if self.is_time(*when) && self.has_all(text) {
                return self.declare(text, gives);
            }
        }
    }

    fn is_time(&self, when: When) -> bool {
        match when {
            When::Always => true,
            When::Sync => !self.setting.awaits,
            When::Async => self.setting.awaits,
            When::Unsafe => self.setting.is_unsafe,
            When::FromDriver => self.setting.failure.from_driver,
        }
    }

    fn has_all(&self, text: &str) -> bool {
        let has = |hole, kind, can| !text.contains(hole) || self.find(kind, can).is_some();
        has("$place", Kind::Int, Use::Change)
            && has("$string", Kind::Text, Use::Change)
            // A value that is moved in a loop or a branch is gone after it.
            && (self.depth == 0 || !text.contains("$owned"))
            && has("$owned", Kind::Text, Use::Move)
    }

    fn declare(&mut self, text: &str, gives: &[(char, Kind)]) -> String {
        let mut names = Names::default();
        let filled = self.fill(text, &mut names);
        for (letter, kind) in gives {
            self.locals.push(Local {
                read: names.of(*letter, &mut self.names),
                kind: *kind,
                can: if *kind == Kind::Text {
                    Use::Move
                } else {
                    Use::Read
                },
            });
        }
        filled
    }

    /// Puts something into every hole.
    fn fill(&mut self, text: &str, names: &mut Names) -> String {
        let mut parts = text.split('$');
        let mut filled = parts.next().unwrap_or_default().to_owned();
        while let Some(part) = parts.next() {
            let end = part
                .find(|it: char| !it.is_alphanumeric())
                .unwrap_or(part.len());
            let (hole, rest) = part.split_at(end);
            if hole.is_empty() {
                // A `$` that is meant.
                filled.push('$');
                filled.push_str(parts.next().unwrap_or_default());
                continue;
            }
            filled.push_str(&self.hole(hole, names));
            filled.push_str(rest);
        }
        filled
    }

    fn hole(&mut self, hole: &str, names: &mut Names) -> String {
        match hole {
            "int" => self.expression(Kind::Int, INTS),
            "Int" => atom(self.expression(Kind::Int, INTS)),
            "flag" => self.expression(Kind::Flag, FLAGS),
            "text" => self.expression(Kind::Text, TEXTS),
            "ints" => self.expression(Kind::Ints, INT_LISTS),
            "maybe" => self.expression(Kind::Maybe, MAYBES),
            "conn" => self.setting.conn.clone(),
            "exec" => self.execution(),
            "value" => self.fill(self.setting.value, &mut Names::default()),
            "ok" => format!("Ok({})", self.hole("value", names)),
            "err" => self.setting.failure.value.to_owned(),
            "place" => self.found(Kind::Int, Use::Change).read,
            "string" => atom(self.found(Kind::Text, Use::Change).read),
            "owned" => self.taken(),
            "block" => self.block(),
            letter => names.of(letter.chars().next().unwrap_or('a'), &mut self.names),
        }
    }

    fn execution(&self) -> String {
        let Setting { conn, awaits, .. } = &self.setting;
        let wait = if *awaits { ".await" } else { "" };
        format!("{conn}.execute(\"UPDATE\"){wait}")
    }

    fn expression(&mut self, kind: Kind, list: &'static [&'static str]) -> String {
        self.depth += 1;
        let expression = match self.read(kind) {
            Some(read) if self.depth > 3 || self.dice.happens(40) => read,
            None if self.depth > 3 => literal(kind).to_owned(),
            _ => {
                let text = self.dice.word(list);
                self.fill(text, &mut Names::default())
            }
        };
        self.depth -= 1;
        expression
    }

    /// A name of that kind, or a call that gives one.
    fn read(&mut self, kind: Kind) -> Option<String> {
        if kind == Kind::Int && self.dice.happens(20) && self.find(Kind::Call, Use::Read).is_some()
        {
            let call = self.found(Kind::Call, Use::Read).read;
            return Some(format!("{call}(1)"));
        }
        let all: Vec<_> = self
            .locals
            .iter()
            .filter(|local| local.kind == kind)
            .collect();
        if all.is_empty() {
            return None;
        }
        let read = &self.dice.pick(&all).read;
        let is_value = read.ends_with([')', '}']) && !read.starts_with('*');
        Some(if kind == Kind::Text && !is_value {
            format!("{}.clone()", atom(read.clone()))
        } else {
            read.clone()
        })
    }

    fn find(&self, kind: Kind, can: Use) -> Option<&Local> {
        let mut all = self.locals.iter();
        all.find(|local| local.kind == kind && local.can == can)
    }

    fn found(&mut self, kind: Kind, can: Use) -> Local {
        let all = self.locals.iter();
        let all: Vec<_> = all
            .filter(|local| local.kind == kind && local.can == can)
            .collect();
        (*self.dice.pick(&all)).clone()
    }

    fn taken(&mut self) -> String {
        let taken = self.found(Kind::Text, Use::Move).read;
        self.locals.retain(|local| local.read != taken);
        taken
    }

    fn block(&mut self) -> String {
        if self.depth > 1 {
            return "note(1);".to_owned();
        }
        self.depth += 1;
        let known = self.locals.len();
        let count = 1 + self.dice.below(3);
        let mut lines: Vec<_> = (0..count).map(|_| self.statement(STATEMENTS)).collect();
        lines.extend(self.uses(&lines.join(" "), known));
        self.locals.truncate(known);
        self.depth -= 1;
        lines.join(" ")
    }
}

impl Names {
    fn of(&mut self, letter: char, count: &mut usize) -> String {
        if let Some((_, name)) = self.0.iter().find(|(known, _)| *known == letter) {
            return name.clone();
        }
        *count += 1;
        let name = match letter {
            'T' => format!("Local{count}"),
            'K' => format!("LIMIT{count}"),
            _ => format!("v{count}"),
        };
        self.0.push((letter, name.clone()));
        name
    }
}

/// The number of times that a name is there as a word.
fn occurrences(text: &str, name: &str) -> usize {
    let words = text.split(|it: char| !it.is_alphanumeric() && it != '_');
    words.filter(|word| *word == name).count()
}

/// An expression as an operand, in parentheses where it needs them.
fn atom(expression: String) -> String {
    let plain = |it: char| it.is_alphanumeric() || "_.".contains(it);
    if expression.chars().all(plain) {
        expression
    } else {
        format!("({expression})")
    }
}

const fn literal(kind: Kind) -> &'static str {
    match kind {
        Kind::Int | Kind::Call => "1",
        Kind::Flag => "true",
        Kind::Text => "String::new()",
        Kind::Ints => "[1, 2]",
        Kind::Maybe => "Some(1)",
    }
}

//! Follows commands: what they set, and which of them would run.

use std::collections::{HashMap, HashSet};

use super::command::{Chain, Command, Kind, Link, List};
use super::word::Word;
use super::{Reason, Shell, Value, command, test};

/// What following a command costs, whatever it is.
const COMMAND_STEPS: usize = 32;

/// What goes on after a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flow {
    Next,
    Continue,
    Break,
    Stop,
}

/// One of the ways that a script may take.
#[derive(Clone, Copy)]
enum Way<'a> {
    List(&'a List),
    Command(&'a Command),
}

/// What several ways made of the variables that they set.
type Outcome = HashMap<String, Option<Value>>;

impl Shell {
    /// Follows a script.
    pub(super) fn run(&mut self, list: &List) {
        self.list(list);
        if self.budget.is_spent() {
            self.doubt(Reason::TooMuch);
        }
    }

    fn list(&mut self, list: &List) -> Flow {
        for chain in list {
            let flow = self.chain(chain);
            if flow != Flow::Next {
                return flow;
            }
        }
        Flow::Next
    }

    fn chain(&mut self, chain: &Chain) -> Flow {
        let mut flow = self.command(&chain.first);
        for (link, command) in &chain.rest {
            if flow != Flow::Next {
                return flow;
            }
            match (link, self.status) {
                (Link::And, Some(true)) | (Link::Or, Some(false)) => flow = self.command(command),
                (Link::And, Some(false)) | (Link::Or, Some(true)) => {}
                (_, None) => {
                    self.either(&[Way::Command(command)], false);
                    self.status = None;
                }
            }
        }
        flow
    }

    fn command(&mut self, command: &Command) -> Flow {
        if self.budget.spend(COMMAND_STEPS).is_none() {
            return Flow::Stop;
        }
        self.line = command.line;
        let flow = match &command.kind {
            Kind::Simple { assignments, words } => self.simple(assignments, words),
            Kind::If {
                branches,
                otherwise,
            } => self.if_else(branches, otherwise.as_ref()),
            Kind::Case { word, arms } => self.case(word, arms),
            Kind::For { name, words, body } => self.for_each(name, words, body),
            Kind::While {
                until,
                condition,
                body,
            } => self.while_holds(*until, condition, body),
            Kind::Group(list) => self.list(list),
            Kind::Function(name) => {
                self.functions.insert(name.clone());
                self.status = Some(true);
                Flow::Next
            }
            Kind::Opaque => {
                self.status = None;
                Flow::Next
            }
        };
        if command.negated {
            self.status = self.status.map(|status| !status);
        }
        flow
    }

    fn simple(&mut self, assignments: &[(String, Word)], words: &[Word]) -> Flow {
        if words.is_empty() {
            for (name, word) in assignments {
                let value = self.value(word);
                self.set(name, value);
            }
            self.status = Some(true);
            return Flow::Next;
        }
        let arguments = self.fields(words);
        let Some((name, arguments)) = arguments.split_first() else {
            self.status = Some(true);
            return Flow::Next;
        };
        self.status = None;
        if name.doubt.is_some() {
            return Flow::Next;
        }
        match &*name.text {
            ":" | "true" => self.status = Some(true),
            "false" => self.status = Some(false),
            "[" => {
                let inside = arguments.split_last().filter(|(last, _)| last.text == "]");
                self.status = inside.and_then(|(_, inside)| test::holds(inside));
            }
            "test" => self.status = test::holds(arguments),
            "export" | "readonly" | "local" => self.declare(&words[1..]),
            "unset" => {
                for argument in arguments {
                    self.unset(&argument.text);
                }
                self.status = Some(true);
            }
            "continue" => return Flow::Continue,
            "break" => return Flow::Break,
            "return" | "exit" => return Flow::Stop,
            "eval" | "." | "source" => self.doubt(Reason::Call),
            function if self.functions.contains(function) => self.doubt(Reason::Call),
            _ => {}
        }
        Flow::Next
    }

    /// `export name=value`.
    fn declare(&mut self, words: &[Word]) {
        for word in words {
            let mut value = self.value(word);
            if let Some((name, text)) = command::assigned(&value.text) {
                let (name, text) = (name.to_owned(), text.to_owned());
                value.text = text;
                self.set(&name, value);
            }
        }
        self.status = Some(true);
    }

    fn if_else(&mut self, branches: &[(List, List)], otherwise: Option<&List>) -> Flow {
        let mut open = Vec::new();
        for (condition, body) in branches {
            self.list(condition);
            match self.status {
                Some(true) if open.is_empty() => return self.list(body),
                Some(true) => {
                    open.push(Way::List(body));
                    self.either(&open, true);
                    return Flow::Next;
                }
                Some(false) => {}
                None => open.push(Way::List(body)),
            }
        }
        if open.is_empty() {
            self.status = Some(true);
            return otherwise.map_or(Flow::Next, |body| self.list(body));
        }
        open.extend(otherwise.map(Way::List));
        self.either(&open, otherwise.is_some());
        Flow::Next
    }

    fn case(&mut self, word: &Word, arms: &[(Vec<Word>, List)]) -> Flow {
        let value = self.value(word);
        let mut open = Vec::new();
        for (patterns, body) in arms {
            match self.matches_any(&value, patterns) {
                Some(true) if open.is_empty() => return self.list(body),
                Some(true) => {
                    open.push(Way::List(body));
                    self.either(&open, true);
                    return Flow::Next;
                }
                Some(false) => {}
                None => open.push(Way::List(body)),
            }
        }
        self.either(&open, false);
        Flow::Next
    }

    fn matches_any(&mut self, value: &Value, patterns: &[Word]) -> Option<bool> {
        let mut told = Some(false);
        for pattern in patterns {
            if pattern.literal() == Some("*") {
                return Some(true);
            }
            let pattern = self.pattern(pattern).filter(|_| value.doubt.is_none());
            match pattern.and_then(|pattern| pattern.matches(&value.text, &self.budget)) {
                Some(true) => return Some(true),
                Some(false) => {}
                None => told = None,
            }
        }
        told
    }

    fn for_each(&mut self, name: &str, words: &[Word], body: &List) -> Flow {
        for field in self.fields(words) {
            self.set(name, field);
            match self.list(body) {
                Flow::Stop => return Flow::Stop,
                Flow::Break => break,
                Flow::Next | Flow::Continue => {}
            }
        }
        self.status = Some(true);
        Flow::Next
    }

    fn while_holds(&mut self, until: bool, condition: &List, body: &List) -> Flow {
        loop {
            let flow = self.list(condition);
            if flow != Flow::Next || self.budget.spend(1).is_none() {
                return flow;
            }
            match self.status {
                Some(status) if status != until => match self.list(body) {
                    Flow::Stop => return Flow::Stop,
                    Flow::Break => break,
                    Flow::Next | Flow::Continue => {}
                },
                Some(_) => break,
                None => {
                    self.either(&[Way::List(body)], false);
                    break;
                }
            }
        }
        self.status = Some(true);
        Flow::Next
    }

    /// Follows ways of which one is taken, or none if `one_is` does not hold.
    fn either(&mut self, ways: &[Way<'_>], one_is: bool) {
        let line = self.line;
        let mut outcomes = Vec::new();
        for way in ways {
            self.before.push(HashMap::new());
            match way {
                Way::List(list) => self.list(list),
                Way::Command(command) => self.command(command),
            };
            outcomes.push(self.go_back());
        }
        if !one_is {
            outcomes.push(Outcome::new());
        }
        self.line = line;
        let mut names: Vec<String> = outcomes.iter().flat_map(Outcome::keys).cloned().collect();
        names.sort_unstable();
        names.dedup();
        for name in names {
            self.merge(&name, &outcomes);
        }
        self.status = None;
    }

    /// Gives what was set since the last way began, and makes it undone.
    fn go_back(&mut self) -> Outcome {
        let before = self.before.pop().unwrap_or_default();
        let undo = |(name, old): (String, Option<Value>)| {
            let new = match old {
                Some(old) => self.variables.insert(name.clone(), old),
                None => self.variables.remove(&name),
            };
            (name, new)
        };
        before.into_iter().map(undo).collect()
    }

    /// Sets a variable to what comes of several ways.
    fn merge(&mut self, name: &str, outcomes: &[Outcome]) {
        let held = self.variables.get(name).cloned();
        let of = |outcome: &Outcome| outcome.get(name).unwrap_or(&held).clone();
        let size = |outcome: &Outcome| {
            outcome
                .get(name)
                .and_then(Option::as_ref)
                .map_or(1, |value| value.text.len())
        };
        let affordable = self.budget.spend(outcomes.iter().map(size).sum()).is_some();
        if !affordable {
            let unknown = self.unknown(&format!("${name}"), Reason::TooMuch);
            return self.set(name, unknown);
        }
        let values: Vec<Option<Value>> = outcomes.iter().map(of).collect();
        if values.windows(2).all(|pair| pair[0] == pair[1]) {
            match values.into_iter().next().flatten() {
                Some(value) => self.set(name, value),
                None => self.unset(name),
            }
            return;
        }
        let merged = if is_list(name) || is_added_to(held.as_ref(), &values) {
            self.unknown(&together(name, &values), Reason::Condition)
        } else {
            self.unknown(&format!("${name}"), Reason::Condition)
        };
        self.set(name, merged);
    }
}

/// Whether each value is the one before with words added.
fn is_added_to(held: Option<&Value>, values: &[Option<Value>]) -> bool {
    let Some(held) = held.filter(|held| !held.text.is_empty()) else {
        return false;
    };
    let is_added = |value: &Value| {
        let front = value.text.strip_prefix(&*held.text);
        let back = value.text.strip_suffix(&*held.text);
        front.is_some_and(|more| more.is_empty() || more.starts_with(char::is_whitespace))
            || back.is_some_and(|more| more.ends_with(char::is_whitespace))
    };
    values
        .iter()
        .all(|value| value.as_ref().is_some_and(is_added))
}

/// Whether a variable holds a list, to which a condition adds.
fn is_list(name: &str) -> bool {
    const LISTS: [&str; 8] = [
        "arch",
        "install",
        "license",
        "options",
        "provides",
        "replaces",
        "source",
        "subpackages",
    ];
    let depends = name.contains("depends");
    LISTS.contains(&name) || depends || name.ends_with("sums")
}

/// The parts of all values, each once: words, or the lines of checksums.
fn together(name: &str, values: &[Option<Value>]) -> String {
    let lines = name.ends_with("sums");
    let parts_at = |c: char| {
        if lines {
            c == '\n'
        } else {
            c.is_ascii_whitespace()
        }
    };
    let texts = values.iter().flatten().map(|value| &*value.text);
    let parts = texts.flat_map(|text| text.split(parts_at)).map(str::trim);
    let mut seen = HashSet::new();
    let parts: Vec<&str> = parts
        .filter(|part| !part.is_empty() && seen.insert(*part))
        .collect();
    parts.join("\n")
}

//! A shell script read without a shell: what its variables hold once it has been sourced.
//!
//! Nothing is executed and nothing outside the text is looked at. Assignments, the expansions of
//! parameters, `case`, `if`, loops and `[ … ]` are followed; functions are not entered. What would
//! have to be run, or depends on the machine, stays as it is written, and its value is doubtful.
//! Where a condition cannot be decided, lists hold what each way adds, and other variables that
//! the ways set differently are doubtful. The package is taken to be built on the machine that it
//! is for, and for the whole distribution: nothing sets `BOOTSTRAP`.

mod arithmetic;
mod budget;
mod command;
mod cursor;
mod expand;
mod function;
mod pattern;
mod run;
mod test;
mod word;

use std::collections::{HashMap, HashSet};

use budget::Budget;

/// A script longer than this is not followed; the longest of aports has 60 kB.
const SCRIPT_BYTES: usize = 1 << 20;

/// A value longer than this is not kept.
const VALUE_BYTES: usize = 256 << 10;

/// Variables that are remembered.
const MOST_VARIABLES: usize = 4096;

/// What only the machine of a build tells.
const ENVIRONMENT: [&str; 24] = [
    "APORTSDIR",
    "CBUILDROOT",
    "CC",
    "CFLAGS",
    "CLIBC",
    "CPPFLAGS",
    "CROSS_COMPILE",
    "CXX",
    "CXXFLAGS",
    "GOFLAGS",
    "HOME",
    "HOSTCC",
    "HOSTLD",
    "JOBS",
    "LDFLAGS",
    "MAKEFLAGS",
    "PATH",
    "pkgbasedir",
    "pkgdir",
    "PWD",
    "SOURCE_DATE_EPOCH",
    "srcdir",
    "startdir",
    "subpkgdir",
];

/// Machines: for which the build is, on which it runs, for which its compiler builds.
const MACHINES: [&str; 3] = ["CHOST", "CBUILD", "CTARGET"];

/// Their architectures.
const ARCHITECTURES: [&str; 4] = ["CARCH", "CBUILD_ARCH", "CTARGET_ARCH", "CHOST_ARCH"];

/// What a variable holds.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Value {
    /// The text; what could not be told stands there as written: `$CARCH`.
    pub(super) text: String,
    /// Why the text is not certain.
    pub(super) doubt: Option<Doubt>,
}

/// Why something could not be told, and in which line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Doubt {
    pub(super) line: u64,
    pub(super) reason: Reason,
}

/// Why something could not be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Reason {
    Condition,
    Computed,
    Machine,
    Call,
    TooMuch,
}

/// What a script sets.
#[derive(Debug, Default)]
pub(super) struct Script {
    variables: HashMap<String, Value>,
    /// What it does that could not be followed, the first of each kind.
    pub(super) doubts: Vec<Doubt>,
}

/// A script as far as it was followed.
struct Shell {
    variables: HashMap<String, Value>,
    functions: HashSet<String>,
    /// What variables held before the branches that are being followed, the innermost last.
    before: Vec<HashMap<String, Option<Value>>>,
    /// How the last command ended, if that can be told.
    status: Option<bool>,
    line: u64,
    doubts: Vec<Doubt>,
    budget: Budget,
}

impl Script {
    /// Follows a script.
    pub(super) fn read(text: &str) -> Self {
        let mut shell = Shell::new();
        if text.len() > SCRIPT_BYTES {
            shell.doubt(Reason::TooMuch);
        } else {
            shell.run(&command::parse(text));
        }
        // Of a script that was not followed to its end no value is its last.
        if shell.doubts.iter().any(|it| it.reason == Reason::TooMuch) {
            shell.variables.clear();
        }
        Self {
            variables: shell.variables,
            doubts: shell.doubts,
        }
    }

    /// What a variable holds, if it was set.
    pub(super) fn get(&self, name: &str) -> Option<&Value> {
        self.variables.get(name)
    }
}

impl Value {
    /// A text that is certain.
    pub(super) fn certain(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            doubt: None,
        }
    }
}

impl Reason {
    /// The reason in words.
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Condition => "it depends on a condition that cannot be decided",
            Self::Computed => "only running a command would tell",
            Self::Machine => "it depends on the machine of the build",
            Self::Call => "a function or another script is called, which may set anything",
            Self::TooMuch => "there is too much to follow",
        }
    }
}

impl Shell {
    fn new() -> Self {
        let machine = |name: &str, text: &str| {
            let doubt = Some(Doubt {
                line: 0,
                reason: Reason::Machine,
            });
            let text = format!("${text}");
            (name.to_owned(), Value { text, doubt })
        };
        let variables = ENVIRONMENT.iter().map(|name| machine(name, name));
        let variables = variables
            .chain(MACHINES.iter().map(|name| machine(name, MACHINES[0])))
            .chain(
                ARCHITECTURES
                    .iter()
                    .map(|name| machine(name, ARCHITECTURES[0])),
            );
        Self {
            variables: variables.collect(),
            functions: HashSet::new(),
            before: Vec::new(),
            status: None,
            line: 1,
            doubts: Vec::new(),
            budget: Budget::default(),
        }
    }

    fn set(&mut self, name: &str, mut value: Value) {
        let known = self.variables.contains_key(name);
        if value.text.len() > VALUE_BYTES {
            value = self.unknown(&format!("${name}"), Reason::TooMuch);
        }
        if !known && self.variables.len() == MOST_VARIABLES {
            return self.doubt(Reason::TooMuch);
        }
        let old = self.variables.insert(name.to_owned(), value);
        self.remember(name, old);
    }

    fn unset(&mut self, name: &str) {
        let old = self.variables.remove(name);
        self.remember(name, old);
    }

    fn remember(&mut self, name: &str, old: Option<Value>) {
        if let Some(before) = self.before.last_mut() {
            before.entry(name.to_owned()).or_insert(old);
        }
    }

    /// What stands for a value that cannot be told.
    fn unknown(&self, written: &str, reason: Reason) -> Value {
        Value {
            text: written.to_owned(),
            doubt: Some(Doubt {
                line: self.line,
                reason,
            }),
        }
    }

    fn doubt(&mut self, reason: Reason) {
        let doubt = Doubt {
            line: self.line,
            reason,
        };
        // The first of each kind says enough: one script calls a function for each language.
        if self.doubts.iter().all(|known| known.reason != reason) {
            self.doubts.push(doubt);
        }
    }
}

#[cfg(test)]
mod tests;

//! What is told once for many packages: sets of implicit inputs, and the systems that are usual.

use std::collections::{HashMap, HashSet};

use palisade_model::{Input, InputKind};

use super::package::input;
use super::record::{ImplicitInput, RecordInput};
use crate::limits;

/// What was told before a package, and how much of it was written out so far.
#[derive(Default)]
pub(super) struct Common {
    /// The systems for which a package is that does not say so, where the header tells them.
    pub(super) usual_systems: Option<Vec<String>>,
    sets: HashMap<u64, Vec<Input>>,
    written_out: usize,
}

impl Common {
    /// Learns a set, which may be told once.
    pub(super) fn add(&mut self, number: u64, inputs: Vec<RecordInput>) -> Result<(), String> {
        let mut wrong = None;
        let inputs = inputs.into_iter().filter_map(|record| {
            input(InputKind::Implicit, record, &mut |reason| {
                wrong.get_or_insert(reason);
            })
        });
        let inputs: Vec<Input> = inputs.collect();
        if let Some(reason) = wrong {
            return Err(reason);
        }
        self.written_out = self.written_out.saturating_add(inputs.len());
        match self.sets.insert(number, inputs) {
            None => Ok(()),
            Some(_) => Err(format!("the set {number} is told twice")),
        }
    }

    /// Adds to a package's inputs the implicit ones that are not among them.
    pub(super) fn extend(
        &mut self,
        inputs: &mut Vec<Input>,
        records: Vec<ImplicitInput>,
        complain: &mut dyn FnMut(String),
    ) {
        let mut implicit = Vec::new();
        for record in records {
            match record {
                ImplicitInput::One(record) => {
                    implicit.extend(input(InputKind::Implicit, *record, complain));
                }
                ImplicitInput::Set(number) => match self.sets.get(&number) {
                    Some(set) if !self.are_too_many() => {
                        self.written_out = self.written_out.saturating_add(set.len());
                        implicit.extend_from_slice(set);
                    }
                    Some(_) => return,
                    None => complain(format!(
                        "no line before it tells the set {number} of implicit inputs"
                    )),
                },
            }
        }
        let mut seen: HashSet<_> = inputs.iter().map(place).collect();
        let new: Vec<bool> = implicit
            .iter()
            .map(|input| seen.insert(place(input)))
            .collect();
        let implicit = implicit.iter().zip(new).filter(|(_, new)| *new);
        let implicit: Vec<Input> = implicit.map(|(input, _)| input.clone()).collect();
        inputs.extend(implicit);
    }

    /// Whether more was written out than anybody has.
    pub(super) fn are_too_many(&self) -> bool {
        self.written_out > limits::IMPLICIT_INPUTS
    }
}

/// Which package an input is, for whatever it is used.
fn place(input: &Input) -> (&str, &str, &str) {
    (&input.name, &input.version, &input.output)
}

//! What words become: values in place of variables.

use super::pattern::Pattern;
use super::word::{Instead, Kind, Operation, Part, Word};
use super::{Reason, Shell, Value, arithmetic};

impl Shell {
    /// The value of a word that is not parted at blanks.
    pub(super) fn value(&mut self, word: &Word) -> Value {
        let mut value = Value::default();
        for part in &word.0 {
            let next = self.part(part);
            value.text.push_str(&next.text);
            value.doubt = value.doubt.or(next.doubt);
            if value.text.len() > super::VALUE_BYTES {
                return self.unknown("", Reason::TooMuch);
            }
        }
        value
    }

    /// The values of words, parted at the blanks of what was put in without quotes.
    pub(super) fn fields(&mut self, words: &[Word]) -> Vec<Value> {
        let mut fields = Vec::new();
        for word in words {
            let mut open: Option<Value> = None;
            for part in &word.0 {
                let value = self.part(part);
                let whole = part.quoted || matches!(part.kind, Kind::Text(_));
                let pieces: Vec<&str> = if whole {
                    vec![&value.text]
                } else {
                    value
                        .text
                        .split(|c: char| c.is_ascii_whitespace())
                        .collect()
                };
                for (number, piece) in pieces.iter().enumerate() {
                    if number > 0 {
                        fields.extend(open.take());
                    }
                    if whole || !piece.is_empty() {
                        let open = open.get_or_insert_default();
                        open.text.push_str(piece);
                        open.doubt = open.doubt.or(value.doubt);
                    }
                }
            }
            fields.extend(open);
        }
        fields
    }

    /// A word as a pattern; nothing where it is doubtful.
    pub(super) fn pattern(&mut self, word: &Word) -> Option<Pattern> {
        let mut pattern = Pattern::default();
        for part in &word.0 {
            let value = self.part(part);
            if value.doubt.is_some() {
                return None;
            }
            self.budget.spend(value.text.len())?;
            if part.quoted {
                pattern.push_text(&value.text);
            } else {
                pattern.push_pattern(&value.text);
            }
        }
        Some(pattern)
    }

    fn part(&mut self, part: &Part) -> Value {
        let value = match &part.kind {
            Kind::Text(text) => Value::certain(text.clone()),
            Kind::Computed(written) => self.unknown(written, Reason::Computed),
            Kind::Arithmetic {
                expression,
                written,
            } => {
                let expression = self.value(expression).text;
                match self.number(&expression) {
                    Some(number) => Value::certain(number.to_string()),
                    None => self.unknown(written, Reason::Computed),
                }
            }
            Kind::Variable {
                name,
                operation: Operation::Plain,
                ..
            } => self.variables.get(name).cloned().unwrap_or_default(),
            Kind::Variable {
                name,
                operation,
                written,
            } => self.operated(name, operation, written),
        };
        match self.budget.spend(value.text.len() + 1) {
            Some(()) => value,
            None => self.unknown("", Reason::TooMuch),
        }
    }

    /// What an operation makes of a variable.
    fn operated(&mut self, name: &str, operation: &Operation, written: &str) -> Value {
        let held = self.variables.get(name);
        let doubt = held.and_then(|value| value.doubt);
        if let Some(doubt) = doubt {
            return self.unknown(written, doubt.reason);
        }
        if let Operation::Instead {
            how,
            empty_counts,
            word,
        } = operation
        {
            let held = held.filter(|value| *empty_counts || !value.text.is_empty());
            return match (how, held.cloned()) {
                (Instead::Default | Instead::Assign, Some(held)) => held,
                (Instead::Default, None) | (Instead::Alternative, Some(_)) => self.value(word),
                (Instead::Alternative, None) => Value::default(),
                (Instead::Assign, None) => {
                    let value = self.value(word);
                    self.set(name, value.clone());
                    value
                }
            };
        }
        let text = held.map(|value| value.text.clone()).unwrap_or_default();
        match self.computed(&text, operation) {
            Some(text) => Value::certain(text),
            None => self.unknown(written, Reason::Computed),
        }
    }

    fn computed(&mut self, text: &str, operation: &Operation) -> Option<String> {
        match operation {
            Operation::Plain | Operation::Instead { .. } => Some(text.to_owned()),
            Operation::Length => Some(text.chars().count().to_string()),
            Operation::Strip {
                end,
                longest,
                pattern,
            } => {
                let pattern = self.pattern(pattern)?;
                let rest = if *end {
                    pattern.strip_end(text, *longest, &self.budget)
                } else {
                    pattern.strip_start(text, *longest, &self.budget)
                };
                rest.map(str::to_owned)
            }
            Operation::Replace { all, pattern, word } => {
                let pattern = self.pattern(pattern)?;
                let with = self.value(word);
                if with.doubt.is_some() {
                    return None;
                }
                pattern.replace(text, &with.text, *all, &self.budget)
            }
            Operation::Slice { offset, length } => {
                let offset = self.value(offset).text;
                let offset = self.number(&offset)?;
                let length = match length {
                    Some(length) => {
                        let length = self.value(length).text;
                        Some(usize::try_from(self.number(&length)?).ok()?)
                    }
                    None => None,
                };
                slice(text, offset, length)
            }
        }
    }

    fn number(&self, expression: &str) -> Option<i64> {
        let value = |name: &str| {
            let value = self.variables.get(name)?;
            let plain = value.text == "0" || !value.text.starts_with('0');
            value
                .text
                .parse()
                .ok()
                .filter(|_| plain && value.doubt.is_none())
        };
        arithmetic::compute(expression, &value)
    }
}

/// The characters from an offset, which counts from the end when it is negative.
fn slice(text: &str, offset: i64, length: Option<usize>) -> Option<String> {
    let start = if offset < 0 {
        let back = usize::try_from(offset.unsigned_abs()).ok()?;
        text.chars().count().checked_sub(back)?
    } else {
        usize::try_from(offset).ok()?
    };
    let from = text.chars().skip(start);
    Some(from.take(length.unwrap_or(usize::MAX)).collect())
}

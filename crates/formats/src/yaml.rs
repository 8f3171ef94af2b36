//! YAML as JSON: for formats that people write in YAML, and programs in JSON.
//!
//! Every scalar is text but a plain empty one or `null`, so a version `1.10` stays what it is; of
//! two values of one key the last counts, as in JSON here. Aliases are refused: by them a few bytes
//! become gigabytes, and no format of ours needs them.

use saphyr_parser::{Event, Parser, ScalarStyle};
use serde_json::{Map, Value};

/// How deep collections may be nested.
const DEPTH: usize = 64;

/// A collection that is not closed yet.
enum Open {
    List(Vec<Value>),
    Object(Map<String, Value>, Option<String>),
}

/// The first document of a text.
///
/// # Errors
/// Why it is none, with its line.
pub(crate) fn parse(text: &str) -> Result<Value, String> {
    let mut open: Vec<Open> = Vec::new();
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| error.to_string())?;
        let at = |reason: &str| format!("{reason} at line {}", span.start.line());
        let value = match event {
            Event::Scalar(text, style, _, _) => Some(scalar(&text, style)),
            Event::SequenceStart(..) => {
                open.push(Open::List(Vec::new()));
                None
            }
            Event::MappingStart(..) => {
                open.push(Open::Object(Map::new(), None));
                None
            }
            Event::SequenceEnd | Event::MappingEnd => open.pop().map(Open::close),
            Event::Alias(_) => return Err(at("an alias, which is not read,")),
            Event::DocumentEnd => return Err("it holds nothing".to_owned()),
            _ => None,
        };
        if open.len() > DEPTH {
            return Err(at("it is nested too deep"));
        }
        let Some(value) = value else { continue };
        match open.last_mut() {
            None => return Ok(value),
            Some(collection) => collection.take(value).map_err(at)?,
        }
    }
    Err("it holds nothing".to_owned())
}

fn scalar(text: &str, style: ScalarStyle) -> Value {
    if style == ScalarStyle::Plain && matches!(text, "" | "~" | "null") {
        Value::Null
    } else {
        Value::String(text.to_owned())
    }
}

impl Open {
    fn take(&mut self, value: Value) -> Result<(), &'static str> {
        match self {
            Self::List(list) => list.push(value),
            Self::Object(_, key @ None) => match value {
                Value::String(text) => *key = Some(text),
                Value::Null => *key = Some(String::new()),
                _ => return Err("a key that is no text"),
            },
            Self::Object(object, key) => {
                object.insert(key.take().unwrap_or_default(), value);
            }
        }
        Ok(())
    }

    fn close(self) -> Value {
        match self {
            Self::List(list) => Value::Array(list),
            Self::Object(object, _) => Value::Object(object),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn scalars_are_text_and_blocks_keep_their_lines() {
        let text = "a: 1.10\nb:\n  - 'x: y'\n  - |\n    one\n    two\n  - >-\n    one\n    two\nc: null\nd: \"null\"\n";
        assert_eq!(
            parse(text),
            Ok(
                json!({"a": "1.10", "b": ["x: y", "one\ntwo\n", "one two"], "c": null, "d": "null"})
            )
        );
        assert_eq!(parse("x"), Ok(json!("x")));
    }

    #[test]
    fn aliases_and_deep_nests_are_refused() {
        let bomb = "a: &a [x, x]\nb: [*a, *a]\n";
        assert!(parse(bomb).unwrap_err().contains("alias"));
        assert!(parse(&"[".repeat(100)).is_err());
        let deep: Vec<String> = (0..100).map(|n| format!("{}- \n", " ".repeat(n))).collect();
        assert!(parse(&deep.concat()).is_err());
        assert!(parse("").is_err());
        assert!(parse("a: [").is_err());
        assert!(parse("[a]: b").is_err());
    }
}

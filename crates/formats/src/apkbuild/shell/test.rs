//! `[ … ]`: conditions on text and numbers.

use super::{ARCHITECTURES, MACHINES, Value};

/// Whether a condition holds; nothing where that cannot be told.
pub(super) fn holds(arguments: &[Value]) -> Option<bool> {
    match arguments {
        [] => Some(false),
        [not, rest @ ..] if not.text == "!" && !rest.is_empty() => holds(rest).map(|it| !it),
        [one] => is_filled(one),
        [operator, one] => match &*operator.text {
            "-n" => is_filled(one),
            "-z" => is_filled(one).map(|it| !it),
            _ => None,
        },
        [left, operator, right] => match &*operator.text {
            "=" | "==" => is_same(left, right),
            "!=" => is_same(left, right).map(|it| !it),
            operator => {
                let order = number(left)?.cmp(&number(right)?);
                Some(match operator {
                    "-eq" => order.is_eq(),
                    "-ne" => order.is_ne(),
                    "-lt" => order.is_lt(),
                    "-le" => order.is_le(),
                    "-gt" => order.is_gt(),
                    "-ge" => order.is_ge(),
                    _ => return None,
                })
            }
        },
        _ => None,
    }
}

fn is_filled(value: &Value) -> Option<bool> {
    value.doubt.is_none().then_some(!value.text.is_empty())
}

fn is_same(left: &Value, right: &Value) -> Option<bool> {
    let same = left.text == right.text;
    if left.doubt.is_none() && right.doubt.is_none() {
        return Some(same);
    }
    // Build, host and target are one machine, whichever that is.
    let machine = |value: &Value| {
        let name = value.text.strip_prefix('$');
        name.is_some_and(|name| MACHINES[0] == name || ARCHITECTURES[0] == name)
    };
    (same && machine(left)).then_some(true)
}

fn number(value: &Value) -> Option<i64> {
    value
        .text
        .trim()
        .parse()
        .ok()
        .filter(|_| value.doubt.is_none())
}

//! `$((…))`: whole numbers with the usual operators. What begins with `$` is put in before.

/// Parentheses and signs within each other.
const DEPTH: usize = 16;

/// Computes an expression; nothing where it has what is not known here.
pub(super) fn compute(text: &str, value: &dyn Fn(&str) -> Option<i64>) -> Option<i64> {
    let mut reader = Reader { rest: text, value };
    let result = reader.sum(DEPTH)?;
    reader.skip_blanks();
    reader.rest.is_empty().then_some(result)
}

struct Reader<'a> {
    rest: &'a str,
    value: &'a dyn Fn(&str) -> Option<i64>,
}

impl Reader<'_> {
    fn skip_blanks(&mut self) {
        self.rest = self.rest.trim_start();
    }

    fn take(&mut self, operators: &[char]) -> Option<char> {
        self.skip_blanks();
        let c = self.rest.chars().next().filter(|c| operators.contains(c))?;
        self.rest = &self.rest[c.len_utf8()..];
        Some(c)
    }

    fn sum(&mut self, depth: usize) -> Option<i64> {
        let mut left = self.product(depth)?;
        while let Some(operator) = self.take(&['+', '-']) {
            let right = self.product(depth)?;
            left = match operator {
                '+' => left.checked_add(right)?,
                _ => left.checked_sub(right)?,
            };
        }
        Some(left)
    }

    fn product(&mut self, depth: usize) -> Option<i64> {
        let mut left = self.term(depth)?;
        while let Some(operator) = self.take(&['*', '/', '%']) {
            let right = self.term(depth)?;
            left = match operator {
                '*' => left.checked_mul(right)?,
                '/' => left.checked_div(right)?,
                _ => left.checked_rem(right)?,
            };
        }
        Some(left)
    }

    fn term(&mut self, depth: usize) -> Option<i64> {
        let depth = depth.checked_sub(1)?;
        if self.take(&['(']).is_some() {
            let inner = self.sum(depth)?;
            self.take(&[')'])?;
            return Some(inner);
        }
        if self.take(&['-']).is_some() {
            return self.term(depth)?.checked_neg();
        }
        self.skip_blanks();
        let inside = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let end = self.rest.find(|c| !inside(c));
        let (word, behind) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        self.rest = behind;
        if word.starts_with(|c: char| c.is_ascii_digit()) {
            // With a zero in front, shells differ about the base.
            let plain = word == "0" || !word.starts_with('0');
            return word.parse().ok().filter(|_| plain);
        }
        (self.value)(word).filter(|_| !word.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_are_computed() {
        let value = |name: &str| (name == "a").then_some(7);
        for (text, expected) in [
            (" a + 1", Some(8)),
            ("a*(2-a)", Some(-35)),
            ("1 + 2 * 3 - -4", Some(11)),
            ("a / 2 % 2", Some(1)),
            ("b", None),
            ("1 / 0", None),
            ("08", None),
            ("a b", None),
            ("", None),
            ("9223372036854775807 + 1", None),
        ] {
            assert_eq!(compute(text, &value), expected, "{text}");
        }
        assert_eq!(compute(&"(".repeat(100_000), &value), None);
    }
}

//! Finds the end of a JSON value without parsing it.

use memchr::memchr2;

/// Follows one object, array or string through its bytes, however they are cut into chunks.
///
/// It minds strings, escapes and brackets and nothing else: whether the value is sound is its
/// parser's business.
#[derive(Debug, Default)]
pub(super) struct Scanner {
    depth: usize,
    deepest: usize,
    in_string: bool,
    escaped: bool,
}

impl Scanner {
    /// A scanner for the rest of an object whose beginning was read elsewhere.
    pub(super) fn inside_object() -> Self {
        Self {
            depth: 1,
            deepest: 1,
            ..Self::default()
        }
    }

    /// How deep brackets were nested so far.
    pub(super) fn deepest(&self) -> usize {
        self.deepest
    }

    /// Reads on; returns the place behind the value if it ends in this chunk.
    pub(super) fn advance(&mut self, chunk: &[u8]) -> Option<usize> {
        let mut at = 0;
        while at < chunk.len() {
            if self.in_string {
                at = self.string(chunk, at)?;
            } else {
                at += chunk[at..]
                    .iter()
                    .position(|byte| STRUCTURAL[usize::from(*byte)])?
                    + 1;
                match chunk[at - 1] {
                    b'"' => {
                        self.in_string = true;
                        continue;
                    }
                    b'{' | b'[' => {
                        self.depth += 1;
                        self.deepest = self.deepest.max(self.depth);
                    }
                    _ => self.depth = self.depth.saturating_sub(1),
                }
            }
            if self.depth == 0 && !self.in_string {
                return Some(at);
            }
        }
        None
    }

    /// Goes to the place behind the closing quote or behind a backslash.
    fn string(&mut self, chunk: &[u8], mut at: usize) -> Option<usize> {
        if self.escaped {
            self.escaped = false;
            at += 1;
        }
        at += memchr2(b'"', b'\\', chunk.get(at..)?)? + 1;
        if chunk[at - 1] == b'\\' {
            self.escaped = true;
        } else {
            self.in_string = false;
        }
        Some(at)
    }
}

const STRUCTURAL: [bool; 256] = {
    let mut table = [false; 256];
    table[b'"' as usize] = true;
    table[b'{' as usize] = true;
    table[b'}' as usize] = true;
    table[b'[' as usize] = true;
    table[b']' as usize] = true;
    table
};

//! Reading Scheme as data: lists, strings and words with their lines. Nothing is evaluated.
//!
//! The reader is forgiving, for hunks of a patch show parts of forms: what is closed without having
//! been opened is passed over, and what is open at the end is closed there.

/// Lists in lists.
const DEPTH: usize = 500;

/// Words, strings and lists of a file; Guix's longest has 300,000.
const NODES: usize = 4_000_000;

/// One datum and where it begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Node {
    pub(super) datum: Datum,
    /// From 1.
    pub(super) line: u32,
}

/// What is written there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Datum {
    List(Vec<Node>),
    Text(String),
    /// A symbol, a number, a keyword, a character, as written.
    Word(String),
}

impl Node {
    /// The parts of a list.
    pub(super) fn list(&self) -> &[Node] {
        match &self.datum {
            Datum::List(nodes) => nodes,
            _ => &[],
        }
    }

    /// What a list begins with.
    pub(super) fn head(&self) -> &str {
        self.list().first().map_or("", Node::word)
    }

    /// A word as written.
    pub(super) fn word(&self) -> &str {
        match &self.datum {
            Datum::Word(word) => word,
            _ => "",
        }
    }

    /// A string.
    pub(super) fn text(&self) -> Option<&str> {
        match &self.datum {
            Datum::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Hands out this and everything within, from the outside to the inside.
    pub(super) fn walk<'n>(&'n self, visit: &mut dyn FnMut(&'n Node) -> Walk) {
        if visit(self) == Walk::Into {
            for node in self.list() {
                node.walk(visit);
            }
        }
    }

    /// Every form within that begins with a word.
    pub(super) fn forms<'n>(&'n self, head: &str) -> Vec<&'n Node> {
        let mut found = Vec::new();
        self.walk(&mut |node| {
            if node.head() == head {
                found.push(node);
            }
            Walk::Into
        });
        found
    }
}

/// Whether to look into a form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Walk {
    Into,
    Past,
}

/// A list that is being read.
struct Open {
    nodes: Vec<Node>,
    line: u32,
    /// Whether it is a mark such as `'`, which holds the next datum alone.
    is_mark: bool,
}

/// Reads all forms of a text; none of one that is deeper or larger than a recipe.
pub(super) fn read(text: &str) -> Vec<Node> {
    let mut reader = Reader {
        bytes: text.as_bytes(),
        text,
        at: 0,
        line: 1,
        nodes: 0,
        stack: vec![Open {
            nodes: Vec::new(),
            line: 1,
            is_mark: false,
        }],
    };
    match reader.run() {
        Some(()) => reader.finish(),
        None => Vec::new(),
    }
}

struct Reader<'a> {
    bytes: &'a [u8],
    text: &'a str,
    at: usize,
    line: u32,
    nodes: usize,
    stack: Vec<Open>,
}

impl Reader<'_> {
    fn run(&mut self) -> Option<()> {
        while let Some(byte) = self.peek(0) {
            match byte {
                b'\n' => {
                    self.line += 1;
                    self.at += 1;
                }
                byte if byte.is_ascii_whitespace() => self.at += 1,
                b';' => self.skip_line(),
                b'(' | b'[' => {
                    self.at += 1;
                    self.open(None)?;
                }
                b')' | b']' => {
                    self.at += 1;
                    self.close();
                }
                b'"' => {
                    let line = self.line;
                    let text = self.string();
                    self.put(Datum::Text(text), line)?;
                }
                b'\'' => self.mark("quote", 1)?,
                b'`' => self.mark("quasiquote", 1)?,
                b',' if self.peek(1) == Some(b'@') => self.mark("unquote-splicing", 2)?,
                b',' => self.mark("unquote", 1)?,
                b'#' => self.hash()?,
                _ => self.word()?,
            }
        }
        Some(())
    }

    fn peek(&self, ahead: usize) -> Option<u8> {
        self.bytes.get(self.at + ahead).copied()
    }

    fn skip_line(&mut self) {
        while self.peek(0).is_some_and(|byte| byte != b'\n') {
            self.at += 1;
        }
    }

    /// What begins with `#`: comments, gexps, characters, vectors, keywords.
    fn hash(&mut self) -> Option<()> {
        match self.peek(1) {
            Some(b'|') => self.skip_block(),
            Some(b'!') => self.skip_to(b"!#"),
            Some(b';') => self.mark("datum-comment", 2)?,
            Some(b'~') => self.mark("gexp", 2)?,
            Some(b'\'' | b'`') => self.mark("syntax", 2)?,
            Some(b'$' | b'+') if self.peek(2) == Some(b'@') => self.mark("ungexp-splicing", 3)?,
            Some(b'$' | b'+') => self.mark("ungexp", 2)?,
            Some(b'(') => {
                self.at += 2;
                self.open(Some("vector"))?;
            }
            Some(b'\\') => {
                // The character itself may be a parenthesis.
                let rest = &self.text[self.at + 2..];
                let first = rest.chars().next().map_or(0, char::len_utf8);
                let more = rest.as_bytes()[first..]
                    .iter()
                    .take_while(|it| !is_end(**it))
                    .count();
                let word = self.text[self.at..self.at + 2 + first + more].to_owned();
                self.at += word.len();
                self.put(Datum::Word(word), self.line)?;
            }
            _ => self.word()?,
        }
        Some(())
    }

    /// Goes behind `#| … |#`, which may be nested.
    fn skip_block(&mut self) {
        let mut depth = 0_usize;
        while self.at < self.bytes.len() {
            let step = match (self.peek(0), self.peek(1)) {
                (Some(b'#'), Some(b'|')) => {
                    depth += 1;
                    2
                }
                (Some(b'|'), Some(b'#')) => {
                    depth -= 1;
                    2
                }
                (byte, _) => {
                    self.line += u32::from(byte == Some(b'\n'));
                    1
                }
            };
            self.at += step;
            if depth == 0 {
                return;
            }
        }
    }

    fn skip_to(&mut self, end: &[u8]) {
        while self.at < self.bytes.len() {
            if self.bytes[self.at..].starts_with(end) {
                self.at += end.len();
                return;
            }
            self.line += u32::from(self.bytes[self.at] == b'\n');
            self.at += 1;
        }
    }

    fn string(&mut self) -> String {
        let mut value = String::new();
        self.at += 1;
        let mut chars = self.text[self.at..].char_indices();
        let mut end = self.bytes.len();
        while let Some((at, character)) = chars.next() {
            match character {
                '"' => {
                    end = self.at + at + 1;
                    break;
                }
                '\\' => match chars.next() {
                    Some((_, 'n')) => value.push('\n'),
                    Some((_, 't')) => value.push('\t'),
                    Some((_, '\n')) => {
                        self.line += 1;
                        let rest = chars.as_str();
                        let blank = rest.len() - rest.trim_start_matches([' ', '\t']).len();
                        chars.by_ref().take(blank).for_each(drop);
                    }
                    Some((_, other)) => value.push(other),
                    None => {}
                },
                other => {
                    self.line += u32::from(other == '\n');
                    value.push(other);
                }
            }
        }
        self.at = end;
        value
    }

    fn word(&mut self) -> Option<()> {
        let start = self.at;
        self.at += 1;
        while self.peek(0).is_some_and(|byte| !is_end(byte)) {
            self.at += 1;
        }
        let word = String::from_utf8_lossy(&self.bytes[start..self.at]).into_owned();
        self.put(Datum::Word(word), self.line)
    }

    fn mark(&mut self, name: &str, length: usize) -> Option<()> {
        self.at += length;
        self.open(Some(name))?;
        self.stack.last_mut()?.is_mark = true;
        Some(())
    }

    fn open(&mut self, name: Option<&str>) -> Option<()> {
        self.nodes += 1;
        if self.stack.len() > DEPTH || self.nodes > NODES {
            return None;
        }
        let line = self.line;
        let head = |name: &str| Node {
            datum: Datum::Word(name.to_owned()),
            line,
        };
        let nodes = name.map(head).into_iter().collect();
        self.stack.push(Open {
            nodes,
            line,
            is_mark: false,
        });
        Some(())
    }

    fn close(&mut self) {
        // A mark that nothing follows ends with its list.
        while self.stack.len() > 1 && self.stack.last().is_some_and(|open| open.is_mark) {
            self.pop();
        }
        if self.stack.len() > 1 {
            self.pop();
            self.close_marks();
        }
    }

    fn pop(&mut self) {
        if let Some(open) = self.stack.pop()
            && let Some(outer) = self.stack.last_mut()
            && open
                .nodes
                .first()
                .is_none_or(|node| node.word() != "datum-comment" || !open.is_mark)
        {
            outer.nodes.push(Node {
                datum: Datum::List(open.nodes),
                line: open.line,
            });
        }
    }

    fn close_marks(&mut self) {
        while self.stack.len() > 1 && self.stack.last().is_some_and(|open| open.is_mark) {
            self.pop();
        }
    }

    fn put(&mut self, datum: Datum, line: u32) -> Option<()> {
        self.nodes += 1;
        if self.nodes > NODES {
            return None;
        }
        self.stack.last_mut()?.nodes.push(Node { datum, line });
        self.close_marks();
        Some(())
    }

    fn finish(mut self) -> Vec<Node> {
        while self.stack.len() > 1 {
            self.pop();
        }
        self.stack.pop().map(|open| open.nodes).unwrap_or_default()
    }
}

/// Whether a word ends before a byte.
fn is_end(byte: u8) -> bool {
    byte.is_ascii_whitespace() || matches!(byte, b'(' | b')' | b'[' | b']' | b'"' | b';' | b'\'')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(nodes: &[Node]) -> String {
        let one = |node: &Node| match &node.datum {
            Datum::List(nodes) => format!("({})", shown(nodes)),
            Datum::Text(text) => format!("{text:?}"),
            Datum::Word(word) => word.clone(),
        };
        nodes.iter().map(one).collect::<Vec<_>>().join(" ")
    }

    fn read_again(text: &str) -> String {
        shown(&read(text))
    }

    #[test]
    fn lists_count_however_empty_they_are() {
        assert_eq!(read(&"()".repeat(1000)).len(), 1000);
        assert!(read(&"()".repeat(NODES + 1)).is_empty());
    }

    #[test]
    fn forms_are_read_with_their_marks() {
        assert_eq!(
            read_again("(a 'b `(c ,d ,@e))"),
            "(a (quote b) (quasiquote (c (unquote d) (unquote-splicing e))))"
        );
        assert_eq!(
            read_again("#~(x #$output #$@y)"),
            "(gexp (x (ungexp output) (ungexp-splicing y)))"
        );
        assert_eq!(
            read_again("(#:tests? #f #\\( #\\space)"),
            "(#:tests? #f #\\( #\\space)"
        );
        assert_eq!(read_again("#(1 2) [x]"), "(vector 1 2) (x)");
    }

    #[test]
    fn comments_are_left_out() {
        assert_eq!(
            read_again("; x\n(a #| b #| c |# |# d #;(e f) g) #!r6rs !# h"),
            "(a d g) h"
        );
    }

    #[test]
    fn strings_are_read_with_their_escapes() {
        assert_eq!(
            read_again("\"a\\\"b\\n\" \"c\\\n   d\""),
            "\"a\\\"b\\n\" \"cd\""
        );
    }

    #[test]
    fn lines_are_counted() {
        let nodes = read("\"x\ny\"\n#|\n|#\n(a\n b)");
        assert_eq!(
            (nodes[0].line, nodes[1].line, nodes[1].list()[1].line),
            (1, 5, 6)
        );
    }

    #[test]
    fn parts_of_forms_are_read_as_far_as_they_go() {
        assert_eq!(read_again("b))) (c (d \"e"), "b (c (d \"e\"))");
        assert_eq!(read_again("(a ')"), "(a (quote))");
    }

    #[test]
    fn what_is_too_deep_is_not_read() {
        assert_eq!(read(&"(".repeat(100_000)), []);
        assert_eq!(read(&"'".repeat(100_000)), []);
    }
}

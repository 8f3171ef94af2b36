//! Commands of a script: lists, conditions, loops, assignments. Bodies of functions are passed over.

use super::cursor::Cursor;
use super::function;
use super::word::Word;

/// Commands within commands.
const DEPTH: usize = 32;

/// Commands one after the other.
pub(super) type List = Vec<Chain>;

/// Commands with `&&` and `||` between them.
#[derive(Debug)]
pub(super) struct Chain {
    pub(super) first: Command,
    pub(super) rest: Vec<(Link, Command)>,
}

/// What is between two commands of a chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Link {
    And,
    Or,
}

/// A command, with its line.
#[derive(Debug)]
pub(super) struct Command {
    pub(super) line: u64,
    pub(super) negated: bool,
    pub(super) kind: Kind,
}

/// What a command is.
#[derive(Debug)]
pub(super) enum Kind {
    Simple {
        assignments: Vec<(String, Word)>,
        words: Vec<Word>,
    },
    If {
        branches: Vec<(List, List)>,
        otherwise: Option<List>,
    },
    Case {
        word: Word,
        arms: Vec<(Vec<Word>, List)>,
    },
    For {
        name: String,
        words: Vec<Word>,
        body: List,
    },
    While {
        until: bool,
        condition: List,
        body: List,
    },
    Group(List),
    Function(String),
    /// A pipeline, a subshell, or what is not understood: it sets nothing that lasts.
    Opaque,
}

/// Reads a script.
pub(super) fn parse(text: &str) -> List {
    let mut cursor = Cursor::new(text);
    let mut list = Vec::new();
    while !cursor.rest().is_empty() {
        list.extend(read_list(&mut cursor, &[], DEPTH));
        // What ends no list here is passed over.
        cursor.next();
    }
    list
}

/// Reads commands up to one of the words, which is not taken.
fn read_list(cursor: &mut Cursor<'_>, ends: &[&str], depth: usize) -> List {
    let mut list = Vec::new();
    loop {
        skip_lines(cursor);
        let at_end = ends.iter().any(|end| is_at_word(cursor, end));
        if at_end || cursor.rest().is_empty() || cursor.rest().starts_with([')', '}']) {
            return list;
        }
        if cursor.rest().starts_with(";;") {
            return list;
        }
        let place = cursor.place();
        list.push(read_chain(cursor, depth));
        if cursor.place() == place {
            return list;
        }
    }
}

/// Passes over blanks, empty lines, comments and what parts commands.
fn skip_lines(cursor: &mut Cursor<'_>) {
    loop {
        cursor.skip_blanks();
        match cursor.peek() {
            Some('#') => {
                cursor.take_line();
            }
            Some(';') if cursor.rest().starts_with(";;") => return,
            Some('\n' | ';' | '&') => {
                cursor.next();
            }
            _ => return,
        }
    }
}

/// Whether a word of the language stands here.
fn is_at_word(cursor: &Cursor<'_>, word: &str) -> bool {
    let behind = cursor
        .rest()
        .strip_prefix(word)
        .map(|rest| rest.chars().next());
    behind.is_some_and(|next| next.is_none_or(|c| c.is_whitespace() || ";&|()#".contains(c)))
}

fn read_chain(cursor: &mut Cursor<'_>, depth: usize) -> Chain {
    let mut chain = Chain {
        first: read_pipeline(cursor, depth),
        rest: Vec::new(),
    };
    loop {
        cursor.skip_blanks();
        let link = if cursor.take("&&") {
            Link::And
        } else if cursor.take("||") {
            Link::Or
        } else {
            return chain;
        };
        skip_line_ends(cursor);
        chain.rest.push((link, read_pipeline(cursor, depth)));
    }
}

/// Passes over blanks, empty lines and comments.
fn skip_line_ends(cursor: &mut Cursor<'_>) {
    loop {
        cursor.skip_blanks();
        match cursor.peek() {
            Some('#') => {
                cursor.take_line();
            }
            Some('\n') => {
                cursor.next();
            }
            _ => return,
        }
    }
}

fn read_pipeline(cursor: &mut Cursor<'_>, depth: usize) -> Command {
    let mut command = read_command(cursor, depth);
    loop {
        cursor.skip_blanks();
        let piped = cursor.rest().starts_with('|') && !cursor.rest().starts_with("||");
        if !piped {
            return command;
        }
        cursor.next();
        skip_line_ends(cursor);
        read_command(cursor, depth);
        command.kind = Kind::Opaque;
    }
}

fn read_command(cursor: &mut Cursor<'_>, depth: usize) -> Command {
    cursor.skip_blanks();
    let mut negated = false;
    while is_at_word(cursor, "!") {
        cursor.take("!");
        cursor.skip_blanks();
        negated = !negated;
    }
    let line = cursor.line();
    let kind = if let Some(depth) = depth.checked_sub(1) {
        read_compound(cursor, depth).unwrap_or_else(|| read_simple(cursor))
    } else {
        cursor.take_line();
        Kind::Opaque
    };
    Command {
        line,
        negated,
        kind,
    }
}

fn read_compound(cursor: &mut Cursor<'_>, depth: usize) -> Option<Kind> {
    let takes = |cursor: &mut Cursor<'_>, word: &str| is_at_word(cursor, word) && cursor.take(word);
    let kind = if takes(cursor, "if") {
        read_if(cursor, depth)
    } else if takes(cursor, "case") {
        read_case(cursor, depth)
    } else if takes(cursor, "for") {
        read_for(cursor, depth)
    } else if takes(cursor, "while") {
        read_while(cursor, depth, false)
    } else if takes(cursor, "until") {
        read_while(cursor, depth, true)
    } else if takes(cursor, "{") {
        let list = read_list(cursor, &["}"], depth);
        cursor.take("}");
        Kind::Group(list)
    } else if cursor.take("(") {
        read_list(cursor, &[], depth);
        cursor.take(")");
        Kind::Opaque
    } else {
        return None;
    };
    skip_redirections(cursor);
    Some(kind)
}

fn read_if(cursor: &mut Cursor<'_>, depth: usize) -> Kind {
    let mut branches = Vec::new();
    let mut otherwise = None;
    loop {
        let condition = read_list(cursor, &["then", "fi"], depth);
        cursor.take("then");
        let body = read_list(cursor, &["elif", "else", "fi"], depth);
        branches.push((condition, body));
        if !cursor.take("elif") {
            break;
        }
    }
    if cursor.take("else") {
        otherwise = Some(read_list(cursor, &["fi"], depth));
    }
    cursor.take("fi");
    Kind::If {
        branches,
        otherwise,
    }
}

fn read_case(cursor: &mut Cursor<'_>, depth: usize) -> Kind {
    cursor.skip_blanks();
    let word = Word::read(cursor, &ends_word);
    skip_line_ends(cursor);
    cursor.take("in");
    let mut arms = Vec::new();
    loop {
        skip_lines(cursor);
        if cursor.take("esac") || cursor.rest().is_empty() {
            break;
        }
        let place = cursor.place();
        cursor.take("(");
        let mut patterns = Vec::new();
        loop {
            cursor.skip_blanks();
            patterns.push(Word::read(cursor, &|c| ends_word(c)));
            cursor.skip_blanks();
            if !cursor.take("|") {
                break;
            }
        }
        cursor.take(")");
        let body = read_list(cursor, &["esac"], depth);
        cursor.take(";;");
        arms.push((patterns, body));
        if cursor.place() == place {
            break;
        }
    }
    Kind::Case { word, arms }
}

fn read_for(cursor: &mut Cursor<'_>, depth: usize) -> Kind {
    cursor.skip_blanks();
    let name = cursor.take_name().unwrap_or_default().to_owned();
    skip_line_ends(cursor);
    let mut words = Vec::new();
    if is_at_word(cursor, "in") {
        cursor.take("in");
        words = read_words(cursor);
    }
    let body = read_body(cursor, depth);
    Kind::For { name, words, body }
}

fn read_while(cursor: &mut Cursor<'_>, depth: usize, until: bool) -> Kind {
    let condition = read_list(cursor, &["do"], depth);
    let body = read_body(cursor, depth);
    Kind::While {
        until,
        condition,
        body,
    }
}

fn read_body(cursor: &mut Cursor<'_>, depth: usize) -> List {
    skip_lines(cursor);
    cursor.take("do");
    let body = read_list(cursor, &["done"], depth);
    cursor.take("done");
    body
}

fn ends_word(c: char) -> bool {
    c.is_ascii_whitespace() || ";&|()<>".contains(c)
}

/// Reads the words up to the end of the command.
fn read_words(cursor: &mut Cursor<'_>) -> Vec<Word> {
    let mut words = Vec::new();
    loop {
        cursor.skip_blanks();
        if cursor.peek() == Some('#') {
            cursor.take_line();
        }
        if !skip_redirections(cursor) {
            let place = cursor.place();
            let word = Word::read(cursor, &ends_word);
            if cursor.place() == place {
                return words;
            }
            words.push(word);
        }
    }
}

fn read_simple(cursor: &mut Cursor<'_>) -> Kind {
    if let Some(name) = function::skip(cursor) {
        return Kind::Function(name);
    }
    let mut assignments = Vec::new();
    loop {
        cursor.skip_blanks();
        let Some((name, rest)) = assigned(cursor.rest()) else {
            break;
        };
        let name = name.to_owned();
        cursor.skip_to(rest);
        assignments.push((name, Word::read(cursor, &ends_word)));
    }
    Kind::Simple {
        assignments,
        words: read_words(cursor),
    }
}

/// The variable that an assignment at the beginning of a text sets, and what stands behind its
/// `=`.
pub(super) fn assigned(text: &str) -> Option<(&str, &str)> {
    let inside = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let end = text.find(|c| !inside(c))?;
    let (name, rest) = text.split_at(end);
    let well_formed = !name.is_empty() && !name.starts_with(|c: char| c.is_ascii_digit());
    Some((name, rest.strip_prefix('=')?)).filter(|_| well_formed)
}

/// Passes over `>file`, `2>&1`, `<<END` with its text; says whether there was one.
fn skip_redirections(cursor: &mut Cursor<'_>) -> bool {
    let mut any = false;
    loop {
        cursor.skip_blanks();
        let rest = cursor.rest();
        let behind = rest.trim_start_matches(|c: char| c.is_ascii_digit());
        if !behind.starts_with(['<', '>']) || rest.len() - behind.len() > 1 {
            return any;
        }
        any = true;
        cursor.take_while(|c| c.is_ascii_digit());
        if behind.starts_with("<<") && !behind.starts_with("<<<") {
            function::skip_text(cursor);
            continue;
        }
        cursor.take_while(|c| "<>&|".contains(c));
        cursor.skip_blanks();
        Word::read(cursor, &ends_word);
    }
}

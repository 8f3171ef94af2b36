//! Why the program of a probe can never compile, and what it asks for.

use bstr::ByteSlice;

/// Why a probe's program can never compile.
pub(super) fn broken(program: &[u8]) -> Option<String> {
    let program = without_comments(program);
    // What m4 quotes ends a line as well as its end does.
    let program = program.replace("]],[[", "\n").replace("]], [[", "\n");
    let program = program.as_slice();
    for line in program.lines() {
        let line = line.trim_with(|c| c.is_ascii_whitespace() || matches!(c, '[' | ']'));
        let alone = matches!(
            line,
            b"." | b"-"
                | b"+"
                | b"="
                | b"*"
                | b"?"
                | b"!"
                | b"/"
                | b"@"
                | b"$"
                | b"`"
                | b"~"
                | b".."
        );
        if alone {
            return Some(format!("a lone {} stands in it", line.to_str_lossy()));
        }
        if line.starts_with(b"#error")
            && !program.contains_str("#if")
            && !program.contains_str("#elif")
            && !program.contains_str("# if")
        {
            return Some("it always ends in an error".into());
        }
        let directive = line.strip_prefix(b"#").map(<[u8]>::trim_ascii_start);
        if directive.is_some_and(|rest| {
            rest.starts_with(b"include")
                && !rest.contains(&b'<')
                && !rest.contains(&b'"')
                && rest.len() > 8
                && !rest.contains(&b'@')
                && !rest.contains(&b'$')
                && !rest.contains(&b'_')
                && !rest.contains(&b'(')
                && rest[7] == b' '
        }) {
            return Some("an include of nothing stands in it".into());
        }
        if directive.is_some_and(|rest| rest.starts_with(b"include <") && !rest.contains(&b'>')) {
            return Some("an include is not closed".into());
        }
    }
    if program.contains_str(",;") && !program.contains_str("#define") {
        return Some("nothing stands behind a comma".into());
    }
    unbalanced(program)
}

/// True for a program that holds nothing that could be asked for: no header, no call. It is there to
/// learn what a failure looks like.
pub(super) fn asks_nothing(program: &[u8]) -> bool {
    let program = without_comments(program);
    !program.contains_str("include")
        && program
            .lines()
            .filter(|line| !line.trim_ascii().starts_with(b"#error"))
            .all(|line| !line.contains(&b';') || line.contains_str("return"))
}

/// A program of C without its comments, in as many lines.
fn without_comments(program: &[u8]) -> Vec<u8> {
    let mut kept = Vec::with_capacity(program.len());
    let mut rest = program;
    while let Some(at) = rest.find(b"/*") {
        kept.extend_from_slice(&rest[..at]);
        let body = &rest[at + 2..];
        let Some(end) = body.find(b"*/") else {
            // It is never closed: what follows is for the compiler to say.
            kept.extend_from_slice(&rest[at..]);
            return kept;
        };
        kept.extend(body[..end].iter().filter(|byte| **byte == b'\n'));
        rest = &body[end + 2..];
    }
    kept.extend_from_slice(rest);
    kept
}

fn unbalanced(program: &[u8]) -> Option<String> {
    let (mut round, mut curly) = (0_i32, 0_i32);
    let mut bytes = program.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        match byte {
            b'\\' => {
                bytes.next();
            }
            b'"' | b'\'' => {
                // Up to its fellow on the same line; an apostrophe in a comment has none.
                let mut ahead = bytes.clone();
                if ahead
                    .by_ref()
                    .take_while(|next| *next != b'\n')
                    .any(|next| next == byte)
                {
                    bytes = ahead;
                }
            }
            b'(' => round += 1,
            b')' => round -= 1,
            b'{' => curly += 1,
            b'}' => curly -= 1,
            _ => {}
        }
    }
    // Where a placeholder is filled in later, or branches open twice, nothing can be counted.
    let filled_in = program.contains_str("ifelse(")
        || program.contains_str("m4_")
        || program
            .windows(2)
            .any(|pair| pair[0] == b'$' && pair[1].is_ascii_alphanumeric());
    if filled_in
        || program.contains_str("#if")
        || program.contains_str("${")
        || program.contains_str("@")
        || program.contains_str("$(")
    {
        return None;
    }
    if curly != 0 {
        Some("its braces do not match".into())
    } else if round != 0 {
        Some("its parentheses do not match".into())
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_cannot_compile_says_why() {
        assert!(broken(b"#include <a.h>\n.\nint main(void) { return 0; }").is_some());
        assert!(broken(b"[[#include <a.h>\n.]],[[f();]]").is_some());
        assert!(broken(b"int main(void) { return f(0; }").is_some());
        assert!(broken(b"int main(void) { return 0; ").is_some());
        assert!(broken(b"#include <a.h\nint main(void){}").is_some());
        assert_eq!(
            broken(b"#include <a.h>\nint main(void) { char c = '('; return 0; }"),
            None
        );
        assert_eq!(
            broken(b"#ifndef A\n#error no A\n#endif\nint main(void) { return 0; }"),
            None
        );
    }

    #[test]
    fn a_probe_that_only_fails_was_made_to_fail() {
        assert!(asks_nothing(b"[[\n]],[[\n#error stop here\n]]"));
        assert!(!asks_nothing(b"#include <linux/landlock.h>\n#error stop\n"));
        assert!(!asks_nothing(b"#error stop\nint a = f();\n"));
    }
}

//! The programs of probes, cut out of the files of each build system.

use bstr::ByteSlice;

use crate::scan::place::Language;

/// A probe's program is not longer.
const LONGEST: usize = 16 << 10;

/// The programs within a build file, with where they begin.
pub(super) fn programs(bytes: &[u8], language: Language) -> impl Iterator<Item = (usize, &[u8])> {
    let openings: &[(&str, Quote)] = match language {
        Language::CMake => &[
            ("check_c_source_compiles", Quote::Argument),
            ("check_cxx_source_compiles", Quote::Argument),
            ("check_c_source_runs", Quote::Argument),
            ("check_cxx_source_runs", Quote::Argument),
            ("check_source_compiles", Quote::Argument),
            ("check_source_runs", Quote::Argument),
            ("check_fortran_source_compiles", Quote::Argument),
            ("file(write", Quote::Argument),
        ],
        Language::M4 => &[
            ("ac_lang_program", Quote::Brackets),
            ("ac_lang_source", Quote::Brackets),
            ("ac_try_compile", Quote::Brackets),
            ("ac_try_link", Quote::Brackets),
            ("ac_try_run", Quote::Brackets),
            ("ac_egrep_cpp", Quote::Brackets),
            (">conftest.$ac_ext", Quote::HereDocument),
        ],
        Language::Meson => &[
            (".compiles(", Quote::Triple),
            (".links(", Quote::Triple),
            (".run(", Quote::Triple),
            ("_code = '''", Quote::TripleHere),
            ("_src = '''", Quote::TripleHere),
            ("_prog = '''", Quote::TripleHere),
            ("_test = '''", Quote::TripleHere),
            ("code = '''", Quote::TripleHere),
        ],
        Language::Python => &[
            ("try_compile(", Quote::Argument),
            ("check_code(", Quote::Triple),
            ("compile_snippet(", Quote::Triple),
            ("TryCompile(", Quote::Triple),
            ("trycompile(", Quote::Triple),
            ("trylink(", Quote::Triple),
            ("check_cc(", Quote::Triple),
            ("fragment=", Quote::Argument),
        ],
        Language::Ruby => &[
            ("try_compile(", Quote::Argument),
            ("try_link(", Quote::Argument),
            ("try_run(", Quote::Argument),
        ],
        Language::Shell => &[
            (">conftest.c", Quote::HereDocument),
            ("> conftest.c", Quote::HereDocument),
            ("> $tmpc", Quote::HereDocument),
            (">$tmpc", Quote::HereDocument),
            ("> \"$tmpc\"", Quote::HereDocument),
            ("> $test.c", Quote::HereDocument),
            (">$test.c", Quote::HereDocument),
        ],
        Language::Make => &[("printf '", Quote::Skip), ("echo '#include", Quote::Skip)],
        _ => &[],
    };
    let lower = if openings.is_empty() {
        Vec::new()
    } else {
        bytes.to_ascii_lowercase()
    };
    let mut found: Vec<(usize, &[u8])> = Vec::new();
    for (opening, quote) in openings {
        for at in lower
            .find_iter(opening.to_ascii_lowercase().as_str())
            .take(4_000)
            .collect::<Vec<_>>()
        {
            if let Some((start, end)) = quote.program(bytes, at + opening.len()) {
                found.push((start, &bytes[start..end]));
            }
        }
    }
    found.sort_unstable_by_key(|(at, _)| *at);
    found.into_iter()
}

#[derive(Clone, Copy)]
enum Quote {
    /// The first `"…"` or `[[…]]` within the parenthesis.
    Argument,
    /// From the opening parenthesis of the macro to its fellow; m4 quotes are taken off later.
    Brackets,
    /// `'''…'''` soon after, or `'…'` at once.
    Triple,
    /// `'''` just before.
    TripleHere,
    /// From the next line to the word that `<<` named.
    HereDocument,
    /// Nothing that can be cut out.
    Skip,
}

impl Quote {
    fn program(self, bytes: &[u8], from: usize) -> Option<(usize, usize)> {
        let rest = bytes.get(from..(from + LONGEST).min(bytes.len()))?;
        match self {
            Self::Argument => argument(rest),
            Self::Brackets => brackets(rest),
            Self::Triple => {
                let near = &rest[..rest.len().min(200)];
                match near.find("'''") {
                    Some(open) => Some((open + 3, open + 3 + rest[open + 3..].find("'''")?)),
                    None => single(rest),
                }
            }
            Self::TripleHere => Some((0, rest.find("'''")?)),
            Self::HereDocument => here_document(bytes, from),
            Self::Skip => None,
        }
        .map(|(start, end)| (from + start, from + end))
    }
}

fn argument(rest: &[u8]) -> Option<(usize, usize)> {
    let near = &rest[..rest.len().min(160)];
    let double = near.find_byte(b'"');
    let long = near.find("[[").or_else(|| near.find("[=["));
    let triple = near.find("\"\"\"").or_else(|| near.find("'''"));
    if let Some(open) = triple {
        let mark = &near[open..open + 3];
        return Some((open + 3, open + 3 + rest[open + 3..].find(mark)?));
    }
    match (double, long) {
        (Some(open), long) if long.is_none_or(|long| open < long) => {
            let mut at = open + 1;
            while let Some(&byte) = rest.get(at) {
                match byte {
                    b'\\' => at += 1,
                    b'"' => return Some((open + 1, at)),
                    _ => {}
                }
                at += 1;
            }
            None
        }
        (_, Some(open)) => {
            let start = open + near[open + 1..].find_byte(b'[')? + 2;
            Some((
                start,
                start
                    + rest[start..]
                        .find("]]")
                        .or_else(|| rest[start..].find("]=]"))?,
            ))
        }
        _ => None,
    }
}

/// `'…'` that comes first within the parenthesis.
fn single(rest: &[u8]) -> Option<(usize, usize)> {
    let open = rest.iter().position(|byte| !byte.is_ascii_whitespace())?;
    if rest[open] != b'\'' {
        return None;
    }
    let mut at = open + 1;
    while let Some(&byte) = rest.get(at) {
        match byte {
            b'\\' => at += 1,
            b'\'' => return Some((open + 1, at)),
            b'\n' => return None,
            _ => {}
        }
        at += 1;
    }
    None
}

fn brackets(rest: &[u8]) -> Option<(usize, usize)> {
    if rest.first() != Some(&b'(') {
        return None;
    }
    let (mut depth, mut round) = (0_i32, 0_i32);
    for (at, &byte) in rest.iter().enumerate() {
        match byte {
            b'[' => depth += 1,
            b']' => depth -= 1,
            // What is not quoted may hold calls of its own.
            b'(' if depth == 0 => round += 1,
            b')' if depth == 0 && round == 1 => return Some((1, at)),
            b')' if depth == 0 => round -= 1,
            _ => {}
        }
    }
    None
}

fn here_document(bytes: &[u8], from: usize) -> Option<(usize, usize)> {
    let line_start = bytes[..from].rfind_byte(b'\n').map_or(0, |at| at + 1);
    let line_end = from + bytes[from..].find_byte(b'\n')?;
    let line = &bytes[line_start..line_end];
    let word = line[line.find("<<")? + 2..]
        .trim_start_with(|c| matches!(c, '-' | ' ' | '\\' | '\'' | '"'));
    let end = word
        .iter()
        .position(|byte| !byte.is_ascii_alphanumeric() && *byte != b'_')
        .unwrap_or(word.len());
    let marker = [b"\n", &word[..end]].concat();
    let body = line_end + 1;
    let close = bytes
        .get(line_end..(line_end + LONGEST).min(bytes.len()))?
        .find(&marker)?;
    (end > 0 && close > 0).then(|| (body - from, (line_end + close).max(body) - from))
}

#[cfg(test)]
mod tests {
    use super::super::broken::broken;
    use super::*;

    #[test]
    fn a_program_that_m4_does_not_quote_ends_with_its_macro() {
        let text = b"AC_LANG_SOURCE(#include <a.h>\nint main() { return f(0); })";
        let (_, program) = programs(text, Language::M4).next().unwrap();
        assert_eq!(broken(program), None);
    }

    #[test]
    fn programs_are_cut_out_of_each_build_system() {
        let count = |text: &[u8], language| programs(text, language).count();
        assert_eq!(
            count(
                b"check_c_source_compiles(\"int main(void){return 0;}\" X)",
                Language::CMake
            ),
            1
        );
        assert_eq!(
            count(
                b"AC_COMPILE_IFELSE([AC_LANG_PROGRAM([[#include <a.h>]], [[return 0;]])],[a])",
                Language::M4
            ),
            1
        );
        assert_eq!(
            count(
                b"cc.compiles('''int main(void){return 0;}''', name: 'x')",
                Language::Meson
            ),
            1
        );
        assert_eq!(
            count(
                b"cat confdefs.h - <<_ACEOF >conftest.$ac_ext\nint main;\n_ACEOF\n",
                Language::M4
            ),
            1
        );
    }
}

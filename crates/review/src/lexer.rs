//! Small lexers: as much of a language as is needed to tell code, comments and space apart.
//!
//! They serve one question: do two texts say the same to a compiler? Whoever cannot be sure says
//! no. So each space that means something in a language becomes a token: the end of a directive of
//! the preprocessor, the indentation of Python, the tab of a recipe, a line's end where one ends a
//! statement.

mod code;
mod lengths;
mod words;

use bstr::ByteSlice;

use crate::compare::without_ending;

/// How a file is cut into tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// C, C++, Objective-C: with a preprocessor and `\` before a line's end.
    C,
    /// Java, C#, Kotlin and their like: as C without a preprocessor.
    Java,
    /// Rust: nested comments, lifetimes, raw strings.
    Rust,
    /// Go: a line's end may end a statement.
    Go,
    /// JavaScript and TypeScript: a line's end may end a statement where certain tokens follow.
    JavaScript,
    /// Scheme and Lisp.
    Scheme,
    /// Python: indentation means something.
    Python,
    /// Shells: words, and quotes within them.
    Shell,
    /// Makefiles: what a line begins with means something.
    Make,
    /// M4, Autoconf: every line as it stands, but for those that `dnl` takes out.
    M4,
}

/// A piece of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Token<'t> {
    /// What a compiler or interpreter reads.
    Code(&'t [u8]),
    /// What it drops.
    Comment(&'t [u8]),
}

impl Language {
    /// The language that a path names, if it is one that can be cut.
    pub fn of_path(path: &[u8]) -> Option<Self> {
        let base = path.rsplit(|byte| *byte == b'/').next().unwrap_or(path);
        let stem = base.strip_suffix(b".in").unwrap_or(base);
        if stem == b"configure.ac" || stem == b"configure" && base.ends_with(b".in") {
            return Some(Self::M4);
        }
        if stem.starts_with(b"Makefile") || stem == b"GNUmakefile" || stem == b"makefile" {
            return Some(Self::Make);
        }
        let dot = stem.iter().rposition(|byte| *byte == b'.')?;
        Some(match &stem[dot + 1..] {
            b"c" | b"h" | b"cc" | b"hh" | b"cpp" | b"hpp" | b"cxx" | b"hxx" | b"C" | b"H"
            | b"inc" | b"inl" | b"m" | b"mm" | b"y" | b"l" => Self::C,
            b"java" | b"cs" | b"kt" | b"scala" | b"proto" => Self::Java,
            b"rs" => Self::Rust,
            b"go" => Self::Go,
            b"js" | b"mjs" | b"cjs" | b"ts" => Self::JavaScript,
            b"scm" | b"ss" | b"sld" | b"rkt" | b"lisp" | b"el" => Self::Scheme,
            b"py" | b"pyi" => Self::Python,
            b"sh" | b"bash" | b"ksh" => Self::Shell,
            b"mk" | b"am" => Self::Make,
            b"m4" => Self::M4,
            _ => return None,
        })
    }

    /// Its name, for people.
    pub fn name(self) -> &'static str {
        match self {
            Self::C => "C",
            Self::Java => "Java-like",
            Self::Rust => "Rust",
            Self::Go => "Go",
            Self::JavaScript => "JavaScript",
            Self::Scheme => "Scheme",
            Self::Python => "Python",
            Self::Shell => "shell",
            Self::Make => "make",
            Self::M4 => "m4",
        }
    }

    /// The tokens of a text; none where it has something that these lexers do not follow.
    pub fn tokens(self, text: &[u8]) -> Option<Vec<Token<'_>>> {
        if self.has_other_ends_of_lines(text) {
            return None;
        }
        match self {
            Self::Python | Self::Shell | Self::Make | Self::M4 => words::tokens(self, text),
            _ => code::tokens(self, text),
        }
    }

    /// Whether something ends lines for compilers and not for these lexers: behind it a comment is
    /// over.
    fn has_other_ends_of_lines(self, text: &[u8]) -> bool {
        let alone = |at: usize| text.get(at + 1) != Some(&b'\n');
        let unicode: &[&[u8]] = match self {
            Self::JavaScript | Self::Java => &[b"\xe2\x80\xa8", b"\xe2\x80\xa9", b"\xc2\x85"],
            _ => &[],
        };
        text.find_iter(b"\r").any(alone) || unicode.iter().any(|end| text.contains_str(end))
    }
}

/// What two texts of one language have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Likeness {
    /// All tokens and all words of comments are the same: this many of either.
    Layout {
        /// Tokens of code, on each side.
        tokens: usize,
    },
    /// All tokens of code are the same, comments differ.
    Comments {
        /// Tokens of code, on each side.
        tokens: usize,
    },
    /// Code differs, or nobody can be sure that it does not.
    Code,
}

/// Compares two texts token by token.
pub fn likeness(language: Language, old: &[u8], new: &[u8]) -> Likeness {
    let (Some(before), Some(after)) = (language.tokens(old), language.tokens(new)) else {
        return Likeness::Code;
    };
    let (code, other) = (telling(language, &before), telling(language, &after));
    if code != other {
        return Likeness::Code;
    }
    let tokens = code.len();
    let words = |tokens: &[Token<'_>]| -> Vec<u8> {
        let comments = tokens.iter().filter_map(Token::comment);
        comments.flat_map(plain_words).collect()
    };
    if words(&before) == words(&after) {
        Likeness::Layout { tokens }
    } else {
        Likeness::Comments { tokens }
    }
}

/// The tokens of code that tell a compiler something. In C a comma behind the last thing in braces
/// tells nothing; within parentheses it may part two arguments of a macro, and in a directive it
/// may be one's text.
fn telling<'t>(language: Language, tokens: &[Token<'t>]) -> Vec<&'t [u8]> {
    let mut code: Vec<&[u8]> = Vec::with_capacity(tokens.len());
    let (mut parentheses, mut directive) = (0_usize, false);
    for token in tokens.iter().filter_map(Token::code) {
        match token {
            b"(" => parentheses += 1,
            b")" => parentheses = parentheses.saturating_sub(1),
            b"\n#" => directive = true,
            b"\n" => directive = false,
            b"}" if language == Language::C && parentheses == 0 && !directive => {
                code.pop_if(|last| *last == b",");
            }
            _ => {}
        }
        code.push(token);
    }
    code
}

/// The words of a comment without what frames and breaks it, each with a space behind it.
fn plain_words(comment: &[u8]) -> Vec<u8> {
    let mut words = Vec::with_capacity(comment.len());
    for line in comment.split(|byte| *byte == b'\n') {
        let frame = |byte: &u8| matches!(byte, b'*' | b'/' | b' ' | b'\t' | b'\r' | b'\x0c');
        let start = line
            .iter()
            .position(|byte| !frame(byte))
            .unwrap_or(line.len());
        let end = line
            .iter()
            .rposition(|byte| !frame(byte))
            .map_or(start, |at| at + 1);
        for word in line[start..end].split(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\x0c')) {
            if !word.is_empty() {
                words.extend_from_slice(word);
                words.push(b' ');
            }
        }
    }
    words
}

impl<'t> Token<'t> {
    fn code(&self) -> Option<&'t [u8]> {
        match self {
            Self::Code(text) => Some(text),
            Self::Comment(_) => None,
        }
    }

    fn comment(&self) -> Option<&'t [u8]> {
        match self {
            Self::Comment(text) => Some(text),
            Self::Code(_) => None,
        }
    }
}

/// Whether two texts are the same but for line endings and blanks at the ends of lines and of the
/// file. Behind a backslash a blank is content: without it the next line is joined.
pub(crate) fn same_but_for_line_ends(old: &[u8], new: &[u8]) -> bool {
    let trimmed = |text: &'_ [u8]| -> Vec<u8> {
        let mut kept = Vec::with_capacity(text.len());
        for line in text.split_inclusive(|byte| *byte == b'\n') {
            let line = without_ending(line);
            let trimmed = line.trim_ascii_end();
            let joins = trimmed.ends_with(b"\\");
            kept.extend_from_slice(if joins { line } else { trimmed });
            kept.push(b'\n');
        }
        let end = kept.iter().rposition(|byte| *byte != b'\n');
        kept.truncate(end.map_or(0, |at| at + 1));
        kept
    };
    trimmed(old) == trimmed(new)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn like(language: Language, old: &str, new: &str) -> Likeness {
        likeness(language, old.as_bytes(), new.as_bytes())
    }

    fn is_layout(language: Language, old: &str, new: &str) -> bool {
        matches!(like(language, old, new), Likeness::Layout { .. })
    }

    #[test]
    fn reformatted_c_is_the_same() {
        assert!(is_layout(
            Language::C,
            "int f(int a){return a+1;} /* one\n * two */",
            "int\nf(int a)\n{\n\treturn a + 1;\n}\n/*\n * one two\n */"
        ));
    }

    #[test]
    fn space_that_means_something_in_c_is_seen() {
        for (old, new) in [
            ("a+++b", "a+ ++b"),
            ("#define F(x) x\n", "#define F (x) x\n"),
            ("#define F 1\nx", "#define F\n1 x"),
            ("\"a b\"", "\"a  b\""),
            ("fo\\\no", "fo o"),
            ("x; // \\\ny;", "x; //\ny;"),
            ("a / *b", "a /*b"),
            ("#if 1\nx\n#endif\n", "#if 0\nx\n#endif\n"),
        ] {
            assert_eq!(like(Language::C, old, new), Likeness::Code, "{old} {new}");
        }
    }

    #[test]
    fn a_comma_behind_the_last_thing_in_braces_is_layout_in_c() {
        let table = "int t[] = {\n  1,\n  2,\n};\n";
        assert!(is_layout(Language::C, table, "int t[] = { 1, 2 };\n"));
        for (old, new) in [
            ("F({1,});", "F({1});"),
            ("#define F {1,}\n", "#define F {1}\n"),
            ("int t[] = {1,,};", "int t[] = {1};"),
        ] {
            assert_eq!(like(Language::C, old, new), Likeness::Code, "{old} {new}");
        }
        assert_eq!(like(Language::Rust, "[(1,)]", "[(1)]"), Likeness::Code);
    }

    #[test]
    fn another_comment_is_a_class_of_its_own() {
        let old = "x(); /* good */";
        assert_eq!(
            like(Language::C, old, "x(); /* better */"),
            Likeness::Comments { tokens: 4 }
        );
    }

    #[test]
    fn indentation_is_code_in_python() {
        let old = "if a:\n  b()\n  c()\n";
        assert!(is_layout(
            Language::Python,
            old,
            "if  a :\n  b( )\n  c()   \n"
        ));
        assert_eq!(
            like(Language::Python, old, "if a:\n  b()\nc()\n"),
            Likeness::Code
        );
        let other = "if a: # note\n  b()\n  c()\n";
        assert!(matches!(
            like(Language::Python, old, other),
            Likeness::Comments { .. }
        ));
        assert_eq!(
            like(
                Language::Python,
                "x = '''a\n  # b'''\n",
                "x = '''a\n  # c'''\n"
            ),
            Likeness::Code
        );
    }

    #[test]
    fn words_of_a_shell_stay_words() {
        assert!(is_layout(Language::Shell, "a  b\n", "a b\n"));
        for (old, new) in [
            ("a=b\n", "a = b\n"),
            ("x 'a  b'\n", "x 'a b'\n"),
            ("a#b\n", "a #b\n"),
        ] {
            assert_eq!(
                like(Language::Shell, old, new),
                Likeness::Code,
                "{old} {new}"
            );
        }
    }

    #[test]
    fn a_recipes_tab_is_code_in_a_makefile() {
        assert_eq!(
            like(Language::Make, "a:\n\tb\n", "a:\n b\n"),
            Likeness::Code
        );
        assert_eq!(
            like(Language::Make, "a:\n\tb # x\n", "a:\n\tb # y\n"),
            Likeness::Code
        );
        assert!(matches!(
            like(Language::Make, "# x\na:\n", "# y\na:\n"),
            Likeness::Comments { .. }
        ));
    }

    #[test]
    fn a_line_end_after_return_is_code_in_javascript() {
        assert_eq!(
            like(Language::JavaScript, "return x;", "return\nx;"),
            Likeness::Code
        );
        assert_eq!(like(Language::JavaScript, "a\n(b)", "a(b)"), Likeness::Code);
        assert!(is_layout(
            Language::JavaScript,
            "f({a:1});",
            "f({\n  a: 1\n});"
        ));
    }

    #[test]
    fn a_hash_line_in_m4_may_be_c_and_is_code() {
        assert_eq!(
            like(Language::M4, "#include <a.h>\n", "#include <b.h>\n"),
            Likeness::Code
        );
        assert!(matches!(
            like(Language::M4, "dnl a\nAC_X\n", "dnl b\nAC_X\n"),
            Likeness::Comments { .. }
        ));
    }

    #[test]
    fn rust_lifetimes_are_no_strings() {
        assert!(is_layout(
            Language::Rust,
            "fn f<'a>(x:&'a str){}",
            "fn f<'a>(x: &'a str) {}"
        ));
        assert_eq!(
            like(Language::Rust, "r#\"a \" b\"#", "r#\"a \"  b\"#"),
            Likeness::Code
        );
    }

    /// What a lexer would take for a comment or for space, and what is none.
    #[test]
    fn what_only_looks_like_a_comment_is_code() {
        let cases: [(Language, &[&str]); 10] = [
            (
                Language::C,
                &[
                    "// a \\ \n/*\n@();\n// */\n",
                    "/* a *\\\n/ @(); /* */",
                    "/\\\n* \" */ \"//\" @",
                    "// a ??/\n/*\n@();\n// */\n",
                    "#include <a//@.h>\n",
                    "#error can't /*\n@();\n/* */\n",
                    "x = 1'0; y = '\"'; f(\"//\" , @);\n",
                    "// a\r@();\n",
                ],
            ),
            (
                Language::Java,
                &[
                    "// \\u000a @();\n",
                    "s = \"\\uu0022 + \"//\" + @;\n",
                    "/* /* */ \" */ \"//\" + @",
                    "s = @\"C:\\\" + \"//\" + @;",
                    "s = \"${d[\"a // b\"]}\" + @\n",
                    "// \u{2028} @();\n",
                ],
            ),
            (
                Language::Go,
                &[
                    "//go:build @\npackage a",
                    "package a\n// void f() { @(); }\nimport \"C\"",
                ],
            ),
            (
                Language::JavaScript,
                &[
                    "if (x) /[/*]/.test(y); @(); // */",
                    "a++ / 2; x = \"/\" + \"//\" + @",
                    "else /[/*]/.test(y); @(); // */",
                    "<!-- /*\n@();\n// */",
                    "`${ `//` } ${@}`",
                    "<p>see // {@}</p>",
                    "// a\u{2028}@()\n",
                ],
            ),
            (
                Language::Scheme,
                &[
                    "(a |x;| @)",
                    "(a #{x;}# @)",
                    "#! ; !# (@)",
                    "(a ?; @)",
                    "(a \\; @)",
                ],
            ),
            (
                Language::Python,
                &[
                    "#!/usr/bin/@\n",
                    "# coding: @\n",
                    "f\"{d[\"a # b\"]}\"; @()\n",
                    "# a\r@()\n",
                ],
            ),
            (
                Language::Shell,
                &[
                    "#!/bin/@\n",
                    "a=${b%% #*}; @\n",
                    "a=\"$(b \"c # d\")\"; @\n",
                    "a $'b\\'c # d'; @\n",
                    "true;# '\necho ' # ' ; @\n",
                    "a \\\n# '\necho ' # ' ; @\n",
                ],
            ),
            (
                Language::Make,
                &["#!/usr/bin/@\n", "define a\n# $(shell @)\nendef\n"],
            ),
            (Language::M4, &["a\rdnl @\n"]),
            (Language::Rust, &["// a\r@\n"]),
        ];
        for (language, texts) in cases {
            for text in texts {
                let (old, new) = (text.replace('@', "good"), text.replace('@', "evil"));
                assert_eq!(like(language, &old, &new), Likeness::Code, "{text:?}");
            }
        }
    }

    #[test]
    fn comments_and_space_beside_what_is_alike_are_still_told() {
        for (language, text) in [
            (
                Language::C,
                "#include <a/b.h> // @\nx = a\\\n+ 1;\n#error don't\n",
            ),
            (Language::C, "#define F(a) {\\\nf(a);\\\n} // @\n"),
            (Language::Java, "s = \"C:\\\\ \\u00e9\"; // @\n"),
            (Language::Go, "// @\npackage a"),
            (Language::JavaScript, "x = (a + b) / 2; // @\n"),
            (Language::JavaScript, "s = `a ${f(\"}\")} b`; // @\n"),
            (Language::Scheme, "(define (f? x) #\\; \"a;b\") ; @\n"),
            (Language::Python, "f'{a[\"b\"]} {{}}' # @\n"),
            (Language::Shell, "a=${b##*/} c=\"$(d 'e')f\" # @\n"),
            (Language::Shell, "a=${b##*/} \"$(d e) ${f}\" $# $$ # @\n"),
            (Language::Make, "define a\nb\nendef\n# @\n"),
        ] {
            let (old, new) = (text.replace('@', "good"), text.replace('@', "better"));
            let found = like(language, &old, &new);
            let folds = matches!(found, Likeness::Comments { .. });
            // A quote in a command is not followed.
            assert_eq!(folds, !text.contains("'e'"), "{text:?}: {found:?}");
        }
    }

    #[test]
    fn indentation_behind_a_form_feed_is_code_in_python() {
        let old = "if a:\n\x0c    b()\n";
        let new = "if a:\n\x0cb()\n";
        assert_eq!(like(Language::Python, old, new), Likeness::Code);
    }

    #[test]
    fn a_blank_behind_a_backslash_is_a_change() {
        assert!(!same_but_for_line_ends(b"// a \\ \nb\n", b"// a \\\nb\n"));
        assert!(same_but_for_line_ends(b"a \\\r\nb\r\n", b"a \\\nb\n"));
    }

    #[test]
    fn line_ends_are_no_change() {
        assert!(same_but_for_line_ends(b"a\r\nb \r\n", b"a\nb"));
        assert!(!same_but_for_line_ends(b" a\n", b"a\n"));
    }
}

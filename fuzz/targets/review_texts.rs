//! The lexers, the readers of lock files and the comparison of lines, on any bytes.
#![no_main]

use libfuzzer_sys::fuzz_target;
use palisade_review::explain::lock;
use palisade_review::lexer::{Language, Likeness, likeness};
use palisade_review::visible;

const PATHS: [&[u8]; 16] = [
    b"a.c", b"a.java", b"a.rs", b"a.go", b"a.js", b"a.scm", b"a.py", b"a.sh", b"Makefile", b"a.m4",
    b"Cargo.lock", b"package-lock.json", b"yarn.lock", b"go.sum", b"Gemfile.lock", b"composer.lock",
];

fuzz_target!(|bytes: &[u8]| {
    let Some((choice, text)) = bytes.split_first() else {
        return;
    };
    let path = PATHS[usize::from(*choice) % PATHS.len()];
    if let Some(language) = Language::of_path(path) {
        let like = likeness(language, text, text);
        // A text is itself, unless the lexer does not follow it.
        let followed = language.tokens(text).is_some();
        assert_eq!(matches!(like, Likeness::Layout { .. }), followed);
    }
    if let Some(packages) = lock::read(path, text) {
        assert!(lock::changes(&packages, &packages).is_empty());
    }
    assert!(!visible::name(text).chars().any(visible::is_unseen));
});

//! The linter of `# secfixes:` comments.
#![no_main]

use libfuzzer_sys::fuzz_target;
use palisade_formats::apkbuild::lint::{Advice, lint};

fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    for finding in lint(&text) {
        assert!(!finding.message.is_empty());
        assert!(finding.line > 0);
        if let Advice::Decide(what) = finding.advice {
            assert!(!what.is_empty());
        }
    }
});

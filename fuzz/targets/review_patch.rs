//! Patches: mails, hunks, and the recipes that they change.
#![no_main]

use libfuzzer_sys::fuzz_target;
use palisade_review::patch::{Touched, apply, pairs, partial_pairs, read, seen};

fuzz_target!(|bytes: &[u8]| {
    // What a recipe says is told of any bytes.
    for path in ["gnu/packages/x.scm", "main/x/APKBUILD"] {
        let touched = Touched {
            path: path.into(),
            after: Some(bytes.to_vec()),
            ..Touched::default()
        };
        for pair in pairs(&[touched]) {
            let _ = (pair.changes(), pair.signals(&[]));
        }
    }
    let Ok(patches) = read(bytes) else {
        return;
    };
    let partial = partial_pairs(&patches);
    for pair in &partial {
        let _ = (pair.changes(), pair.signals(&partial));
    }
    // A patch applies to what its hunks say was there, unless they contradict one another.
    let before = seen(&patches);
    let mut base = |path: &[u8]| {
        let file = before.iter().find(|file| file.path == path);
        Ok(file.and_then(|file| file.before.clone()))
    };
    let _ = apply(&patches, &mut base);
});

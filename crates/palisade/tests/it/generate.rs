//! `palisade generate`: manual pages and completions.

use crate::support::{palisade, printed, said};

#[test]
fn every_command_has_a_manual_page() {
    let folder = tempfile::tempdir().unwrap();
    let made = palisade()
        .args(["generate", "man"])
        .arg(folder.path().join("man"))
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", said(&made));
    let read = |name: &str| fs_err::read_to_string(folder.path().join("man").join(name)).unwrap();
    assert!(read("palisade.1").contains("Security tracker"));
    for name in [
        "palisade-serve.1",
        "palisade-admin-backup.1",
        "palisade-import.1",
    ] {
        let page = read(name);
        assert!(page.starts_with(".ie") || page.contains(".TH"), "{page}");
    }
    assert!(read("palisade-serve.1").contains("log\\-format"));
}

#[test]
fn shells_complete_commands() {
    for shell in ["bash", "fish", "zsh"] {
        let made = palisade()
            .args(["generate", "completions", shell])
            .output()
            .unwrap();
        let script = printed(&made);
        assert!(
            made.status.success() && script.contains("explain"),
            "{script}"
        );
    }
}

//! Real archives: read whole, and nothing odd is said of them.

use std::process::Command;

use palisade_review::{Budget, Decisions, read_tree};

use crate::support::{alarms, real};

#[test]
fn nothing_above_a_note_is_said_of_real_releases() {
    for folder in ["tarballs", "pairs"] {
        let Some(folder) = real(folder) else { return };
        for entry in fs_err::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let tree = read_tree(&path, &Budget::default()).unwrap();
            assert!(tree.files.len() > 10, "{}", path.display());
            assert_eq!(alarms(&tree), [""; 0], "{}", path.display());
        }
    }
}

#[test]
fn the_same_members_are_found_that_tar_lists() {
    for name in [
        "libssh2_1.11.1.orig.tar.gz",
        "libassuan_3.0.2.orig.tar.bz2",
        "lzip_1.25.orig.tar.xz",
    ] {
        let Some(path) = real(&format!("tarballs/{name}")) else {
            return;
        };
        let tree = read_tree(&path, &Budget::default()).unwrap();
        let Ok(output) = Command::new("tar").arg("tf").arg(&path).output() else {
            eprintln!("skipped: there is no tar");
            return;
        };
        let top = format!("{}/", tree.top.as_ref().unwrap());
        let mut listed: Vec<_> = String::from_utf8(output.stdout)
            .unwrap()
            .lines()
            .filter(|line| !line.ends_with('/'))
            .map(|line| line.strip_prefix(&top).unwrap().to_owned())
            .collect();
        listed.sort_unstable();
        let outer = tree.files.iter().map(|file| file.path.to_string());
        let outer: Vec<_> = outer.filter(|path| !path.contains("!/")).collect();
        assert_eq!(outer, listed, "{name}");
    }
}

#[test]
fn the_synthetic_changes_are_read_whole() {
    let Some(folder) = real("synth/changes") else {
        return;
    };
    for entry in fs_err::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let tree = read_tree(&path, &Budget::default()).unwrap();
        let loud = !alarms(&tree).is_empty();
        let name = path.file_name().unwrap().to_str().unwrap();
        let told = ["c19-mode.new", "c30-symlink.new", "c31-terminal-escape.new"]
            .iter()
            .any(|told| name.starts_with(told));
        assert_eq!(loud, told, "{name}: {:?}", alarms(&tree));
    }
}

#[test]
fn a_report_comes_out_of_the_pipe_as_it_went_in() {
    use palisade_review::explain::KnownBlobs;
    use palisade_review::report::{Limits, Report};
    use palisade_review::{Scanner, review};
    let Some(old) = real("synth/changes/c25-nested.old.tar.xz") else {
        return;
    };
    let new = real("synth/changes/c25-nested.new.tar.xz").unwrap();
    let read = |path: &std::path::Path| read_tree(path, &Budget::default()).unwrap();
    let (scanner, known) = (Scanner::builtin().unwrap(), KnownBlobs::shipped());
    let limits = Limits::default();
    let report = review(
        &read(&old),
        &read(&new),
        None,
        &scanner,
        &known,
        &limits,
        &Decisions::default(),
    );
    let sent = serde_json::to_vec(&report).unwrap();
    assert_eq!(serde_json::from_slice::<Report>(&sent).unwrap(), report);
    assert!(report.alarms());
}

//! A confined process computes and answers, and can do nothing else.
//!
//! This program starts itself again for it: the test below does nothing unless it is told to.

use std::path::{Path, PathBuf};
use std::process::Command;

use palisade_review::sandbox::{Confines, confine};
use palisade_review::{Budget, Material};

/// Says what the child is to do.
const TASK: &str = "PALISADE_TEST_CONFINED";

/// Marks its words among those of the test harness.
const MARK: &str = "confined: ";

fn child(task: &str, folder: &Path) -> Vec<String> {
    let output = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "confined::what_a_confined_process_does",
            "--nocapture",
        ])
        .env(TASK, task)
        .current_dir(folder)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned()
        + &String::from_utf8_lossy(&output.stderr);
    let lines = said
        .lines()
        .filter_map(|line| Some(line.split_once(MARK)?.1.to_owned()));
    let lines: Vec<_> = lines.collect();
    assert!(!lines.is_empty(), "{said}");
    lines
}

fn say(text: &str) {
    eprintln!("{MARK}{text}");
}

fn confined(folders: &[&Path]) {
    let folders: Vec<PathBuf> = folders.iter().map(|path| path.to_path_buf()).collect();
    let confines = Confines {
        folders,
        memory: 4 << 30,
        seconds: 60,
    };
    confine(&confines).unwrap();
}

#[test]
fn what_a_confined_process_does() {
    let Some(task) = std::env::var_os(TASK) else {
        return;
    };
    match task.to_str().unwrap() {
        "file" => {
            let material = Material::open("a.txt").unwrap();
            confined(&[]);
            say(&format!(
                "{}",
                material.read(&Budget::default()).unwrap().files.len()
            ));
            escape();
        }
        "folder" => {
            let material = Material::open("inside").unwrap();
            confined(&[Path::new("inside")]);
            say(&format!(
                "{}",
                material.read(&Budget::default()).unwrap().files.len()
            ));
            escape();
        }
        _ => {
            let material = Material::open("repository@main").unwrap();
            confined(&[Path::new("repository")]);
            say(&format!(
                "{}",
                material.read(&Budget::default()).unwrap().files.len()
            ));
            escape();
        }
    }
}

/// Tries whatever it should not be able to do, and says what it could.
fn escape() {
    let could = [
        ("read", fs_err::read("a.txt").is_ok()),
        (
            "list",
            fs_err::read_dir("/").is_ok_and(|mut entries| entries.next().is_some()),
        ),
        ("write", fs_err::write("inside/new", "x").is_ok()),
        ("remove", fs_err::remove_file("a.txt").is_ok()),
        (
            "connect",
            std::net::TcpListener::bind("127.0.0.1:0").is_ok(),
        ),
        ("run", Command::new("/bin/true").status().is_ok()),
        // Threads are what comparing needs.
        ("thread", std::thread::spawn(|| 1).join().is_err()),
    ];
    for (what, done) in could {
        if done {
            say(&format!("could {what}"));
        }
    }
}

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs_err::write(folder.path().join("a.txt"), "text").unwrap();
    fs_err::create_dir(folder.path().join("inside")).unwrap();
    fs_err::write(folder.path().join("inside/b.txt"), "text").unwrap();
    folder
}

#[test]
fn a_file_is_read_and_nothing_else_is_possible() {
    assert_eq!(child("file", folder().path()), ["1"]);
}

#[test]
fn a_folder_is_read_and_nothing_beside_it() {
    assert_eq!(child("folder", folder().path()), ["1"]);
}

#[test]
fn a_repository_is_read_and_nothing_beside_it() {
    let folder = folder();
    let git = |arguments: &[&str]| {
        let output = Command::new("git")
            .args(arguments)
            .current_dir(folder.path())
            .output();
        output.is_ok_and(|output| output.status.success())
    };
    if !git(&["init", "-q", "-b", "main", "repository"]) {
        eprintln!("skipped: there is no git");
        return;
    }
    fs_err::write(folder.path().join("repository/a.c"), "x\n").unwrap();
    assert!(git(&["-C", "repository", "add", "a.c"]));
    let identity = ["-c", "user.name=a", "-c", "user.email=a@example.org"];
    let commit = ["-C", "repository", "commit", "-qm", "one"];
    assert!(git(&[&identity[..], &commit].concat()));
    assert_eq!(child("repository", folder.path()), ["1"]);
}

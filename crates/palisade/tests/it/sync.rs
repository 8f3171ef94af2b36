//! `palisade sync`: from a configuration to findings' feeds, and how that went.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::mpsc;
use std::time::Duration;

use serde_json::{Value, json};

use crate::running::{Running, Started};
use crate::support::{palisade, said, sample};

/// Serves one document to whoever asks for it; everything else is not found.
fn server(path: &'static str, body: String) -> String {
    slow_server(path, body, mpsc::channel().0, 0)
}

/// The same, which tells of each question; of the first so many only the beginning of the answer comes.
fn slow_server(
    path: &'static str,
    body: String,
    asked: mpsc::Sender<()>,
    mut slow: usize,
) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    std::thread::spawn(move || {
        let mut waiting = Vec::new();
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut request = Vec::new();
            let mut byte = [0];
            while !request.ends_with(b"\r\n\r\n") && stream.read_exact(&mut byte).is_ok() {
                request.extend(byte);
            }
            let (status, body) = if request.starts_with(format!("GET {path} ").as_bytes()) {
                ("200 OK", body.as_str())
            } else {
                ("404 Not Found", "")
            };
            let length = body.len();
            let sent = if slow > 0 { &body[..1] } else { body };
            let _ = write!(
                stream,
                "HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{sent}"
            );
            if slow > 0 {
                slow -= 1;
                waiting.push(stream);
            }
            let _ = asked.send(());
        }
    });
    address
}

/// KEV with one entry.
fn catalogue() -> String {
    catalogue_of(1)
}

/// KEV with so many entries.
fn catalogue_of(count: usize) -> String {
    let entry =
        |number| json!({"cveID": format!("CVE-2024-{number:04}"), "dateAdded": "2024-05-01"});
    let entries: Vec<Value> = (1..=count).map(entry).collect();
    json!({"title": "KEV", "catalogVersion": "1", "count": count,
        "dateReleased": "2026-01-01T00:00:00Z", "vulnerabilities": entries})
    .to_string()
}

/// A configuration with sources of one document each, which a server has under their names.
fn configuration(folder: &Path, address: &str, sources: &[&str]) -> PathBuf {
    let cache = folder.join("cache");
    let source = |name: &&str| {
        format!(
            "[[source]]\nname = \"{name}\"\ntype = \"documents\"\nevery = \"6h\"\nprivate = true\n\
             [[source.document]]\nurl = \"http://{address}/{name}.json\"\nformat = \"kev\"\n"
        )
    };
    let sources: String = sources.iter().map(source).collect();
    let cache = cache.display();
    let text = format!("[fetch]\ncache = \"{cache}\"\n{sources}");
    let path = folder.join("palisade.toml");
    fs_err::write(&path, text).unwrap();
    path
}

#[test]
fn sources_are_fetched_and_their_state_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let address = server("/kev.json", catalogue());
    let configuration = configuration(folder.path(), &address, &["kev", "gone"]);
    let run = |arguments: &[&str]| {
        palisade()
            .arg("--database")
            .arg(folder.path().join("test.sqlite"))
            .arg("sync")
            .args(arguments)
            .arg("--config")
            .arg(&configuration)
            .output()
            .unwrap()
    };
    let first = run(&[]);
    assert_eq!(first.status.code(), Some(2), "one source failed");
    let told = said(&first);
    assert!(told.contains("kev kev.json: 1 record, 1 new"), "{told}");
    assert!(told.contains("404 Not Found"), "{told}");
    let again = run(&["kev"]);
    assert_eq!(again.status.code(), Some(0), "{}", said(&again));
    assert!(said(&again).contains("1 record, 0 new"), "{}", said(&again));
    let early = run(&["--due"]);
    assert_eq!(early.status.code(), Some(0));
    assert!(!said(&early).contains("kev.json"), "{}", said(&early));

    let status = run(&["--status", "--format", "json"]);
    assert_eq!(status.status.code(), Some(1), "one source is late");
    let status: Value = serde_json::from_slice(&status.stdout).unwrap();
    let [kev, gone] = &status["sources"].as_array().unwrap()[..] else {
        panic!("{status}")
    };
    assert_eq!(kev["late"], false);
    assert_eq!(kev["parts"][0]["records"], 1);
    assert_eq!(gone["late"], true);
    assert!(gone["error"].as_str().unwrap().contains("404"), "{gone}");
}

#[test]
fn what_is_wrong_with_a_configuration_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let configuration = folder.path().join("palisade.toml");
    fs_err::write(&configuration, "[[source]]\nname = 1\n").unwrap();
    let output = palisade()
        .args(["sync", "--status", "--config"])
        .arg(&configuration)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    let told = said(&output);
    assert!(told.contains("palisade.toml"), "{told}");
    assert!(told.contains("line 2"), "{told}");
}

#[test]
fn the_built_in_configuration_can_be_printed_and_used_on_a_database_that_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let printed = palisade()
        .args(["sync", "--print-config"])
        .output()
        .unwrap();
    assert_eq!(printed.status.code(), Some(0));
    let configuration = folder.path().join("palisade.toml");
    fs_err::write(&configuration, &printed.stdout).unwrap();
    let database = folder.path().join("test.sqlite");
    let status = || {
        palisade()
            .arg("--database")
            .arg(&database)
            .args(["sync", "--status", "--config"])
            .arg(&configuration)
            .output()
            .unwrap()
    };
    let mistyped = status();
    assert_eq!(mistyped.status.code(), Some(2));
    let told = format!("error: there is no database {}", database.display());
    assert!(said(&mistyped).starts_with(&told), "{}", said(&mistyped));
    assert!(!database.exists(), "asking makes none");
    let imported = palisade()
        .arg("--database")
        .arg(&database)
        .args(["import", "guix_inventory"])
        .arg(sample("guix/2024-07-14.jsonl"))
        .output()
        .unwrap();
    assert!(imported.status.success(), "{}", said(&imported));
    let output = status();
    assert_eq!(output.status.code(), Some(1), "nothing was ever fetched");
    let table = String::from_utf8(output.stdout).unwrap();
    assert_eq!(table.lines().count(), 7, "{table}");
}

/// A run of one source that hangs in the midst of its document, and what is asked after it.
struct Hanging {
    folder: tempfile::TempDir,
    configuration: PathBuf,
    run: Started,
}

impl Hanging {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (asked, was_asked) = mpsc::channel();
        let address = slow_server("/kev.json", catalogue(), asked, 1);
        let configuration = configuration(folder.path(), &address, &["kev"]);
        let run = Started::new(&mut command(folder.path(), &configuration, &["kev"]));
        was_asked.recv_timeout(Duration::from_mins(1)).unwrap();
        Self {
            folder,
            configuration,
            run,
        }
    }
}

/// `palisade sync` with a database of its own.
fn command(folder: &Path, configuration: &Path, arguments: &[&str]) -> Command {
    let mut command = palisade();
    command
        .arg("--database")
        .arg(folder.join("test.sqlite"))
        .arg("sync")
        .args(arguments)
        .arg("--config")
        .arg(configuration);
    command
}

/// `palisade serve --sync` with the same database.
fn keeping_up(folder: &Path, configuration: &Path) -> Running {
    Running::start("serve", |command| {
        command
            .args(["--listen", "127.0.0.1:0", "--sync", "--config"])
            .arg(configuration)
            .arg("--database")
            .arg(folder.join("test.sqlite"));
    })
}

#[test]
fn a_run_that_was_killed_is_gone_on_with_by_the_next_one_at_once() {
    for signal in ["KILL", "INT", "TERM", "HUP"] {
        let Hanging {
            folder,
            configuration,
            run,
        } = Hanging::start();
        let run = run.end_by(signal);
        if signal != "KILL" {
            let stopped = "stopped; the next run goes on from here\n";
            assert!(run.said.ends_with(stopped), "{signal}: {}", run.said);
            assert_eq!(run.status.code(), Some(2), "{signal}");
        }
        let next = command(folder.path(), &configuration, &["kev"]).output();
        let next = next.unwrap();
        let told = said(&next);
        assert_eq!(next.status.code(), Some(0), "{signal}: {told}");
        assert!(told.contains("1 record, 1 new"), "{signal}: {told}");
    }
}

#[test]
fn a_source_that_somebody_asks_is_told_to_be() {
    let Hanging {
        folder,
        configuration,
        run,
    } = Hanging::start();
    let ask = |arguments: &[&str]| {
        let output = command(folder.path(), &configuration, arguments).output();
        output.unwrap()
    };
    let named = ask(&["kev"]);
    let told = said(&named);
    assert_eq!(named.status.code(), Some(2), "{told}");
    assert!(
        told.contains("kev: somebody else is asking it since 20"),
        "{told}"
    );
    assert!(
        told.contains("should they have died, it is free at 20"),
        "{told}"
    );
    let all = ask(&[]);
    assert_eq!(
        all.status.code(),
        Some(0),
        "nobody named it: {}",
        said(&all)
    );
    let status = String::from_utf8(ask(&["--status"]).stdout).unwrap();
    assert!(status.contains("being asked since 20"), "{status}");
    run.end();
    let status = String::from_utf8(ask(&["--status"]).stdout).unwrap();
    assert!(status.contains("never asked"), "{status}");
}

#[test]
fn what_is_held_back_is_taken_when_the_user_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let run = |count: usize, arguments: &[&str]| {
        let address = server("/kev.json", catalogue_of(count));
        let configuration = configuration(folder.path(), &address, &["kev"]);
        let output = command(folder.path(), &configuration, arguments).output();
        let output = output.unwrap();
        (output.status.code(), said(&output))
    };
    run(40, &["kev"]);
    let (code, told) = run(3, &["kev"]);
    assert_eq!(code, Some(2), "{told}");
    let hint = "kev.json is held back: it lacks 37 of the 40 records that are stored; \
                \"palisade sync --believe kev\" takes it all the same";
    assert!(told.contains(hint), "{told}");
    let (code, told) = run(3, &["--believe"]);
    assert_eq!(code, Some(2), "a source has to be named: {told}");
    let (code, told) = run(3, &["--believe", "kev"]);
    assert_eq!(code, Some(0), "{told}");
    assert!(
        told.contains("3 records, 0 new, 0 changed, 37 withdrawn"),
        "{told}"
    );
}

#[test]
fn where_passed_over_records_are_named_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let body = catalogue_of(2).replace("\"CVE-2024-0002\"", "7");
    let address = server("/kev.json", body);
    let configuration = configuration(folder.path(), &address, &["kev"]);
    let output = command(folder.path(), &configuration, &["kev"]).output();
    let told = said(&output.unwrap());
    assert!(
        told.contains("1 passed over or mended, named on the page /feeds/import/1"),
        "{told}"
    );
}

#[test]
fn a_token_that_is_missing_keeps_no_other_source_from_being_asked() {
    let folder = tempfile::tempdir().unwrap();
    let address = server("/kev.json", catalogue());
    let configuration = configuration(folder.path(), &address, &["kev"]);
    let mut text = fs_err::read_to_string(&configuration).unwrap();
    text.push_str("[[source]]\nname = \"ci\"\ntype = \"sender\"\nevery = \"24h\"\n");
    text.push_str("key-file = \"/absent/token\"\n");
    fs_err::write(&configuration, text).unwrap();
    let output = command(folder.path(), &configuration, &[])
        .output()
        .unwrap();
    let told = said(&output);
    assert_eq!(output.status.code(), Some(2), "{told}");
    assert!(told.contains("kev kev.json: 1 record, 1 new"), "{told}");
    let words = "ci: failed: the key /absent/token: there is no such file";
    assert!(told.contains(words), "{told}");
}

#[test]
fn who_sends_is_not_asked() {
    let folder = tempfile::tempdir().unwrap();
    let (configuration, token) = (
        folder.path().join("palisade.toml"),
        folder.path().join("token"),
    );
    fs_err::write(&token, "a token that nobody guesses").unwrap();
    let source = "[[source]]\nname = \"ci\"\ntype = \"sender\"\nevery = \"24h\"\n";
    fs_err::write(&configuration, format!("{source}key-file = {token:?}\n")).unwrap();
    let run = |arguments: &[&str]| {
        let output = command(folder.path(), &configuration, arguments).output();
        output.unwrap()
    };
    let named = run(&["ci"]);
    assert_eq!(named.status.code(), Some(2));
    assert!(
        said(&named).contains("ci sends by itself"),
        "{}",
        said(&named)
    );
    assert_eq!(run(&[]).status.code(), Some(0));
    let status = String::from_utf8(run(&["--status"]).stdout).unwrap();
    assert!(status.contains("has not sent yet"), "{status}");
}

#[test]
fn a_server_that_ends_gives_back_what_it_was_fetching() {
    let folder = tempfile::tempdir().unwrap();
    let (asked, was_asked) = mpsc::channel();
    let address = slow_server("/kev.json", catalogue(), asked, 1);
    let configuration = configuration(folder.path(), &address, &["kev"]);
    let server = keeping_up(folder.path(), &configuration);
    was_asked.recv_timeout(Duration::from_mins(1)).unwrap();
    assert!(server.end().status.success());
    let next = command(folder.path(), &configuration, &["kev"]).output();
    let next = next.unwrap();
    assert_eq!(next.status.code(), Some(0), "{}", said(&next));
}

#[test]
fn a_server_keeps_up_with_its_sources() {
    let folder = tempfile::tempdir().unwrap();
    let address = server("/kev.json", catalogue());
    let configuration = configuration(folder.path(), &address, &["kev"]);
    let server = keeping_up(folder.path(), &configuration);
    let status = || {
        let output = palisade()
            .arg("--database")
            .arg(folder.path().join("test.sqlite"))
            .args(["sync", "--status", "--config"])
            .arg(&configuration)
            .output()
            .unwrap();
        output.status.code()
    };
    let had = (0..100).any(|_| {
        std::thread::sleep(std::time::Duration::from_millis(100));
        status() == Some(0)
    });
    assert!(had, "the source was had within ten seconds");
    assert!(server.end().status.success());
}

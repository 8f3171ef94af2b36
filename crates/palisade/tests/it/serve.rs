//! `palisade serve`: that it says where it is, serves, and ends.

use std::net::TcpListener;

use crate::running::{Ended, Running};
use crate::support::{palisade, said};

#[test]
fn it_says_where_it_is_and_ends_when_told() {
    let folder = tempfile::tempdir().unwrap();
    let server = Running::start("serve", |command| {
        // All interfaces are no address that a browser could open.
        command
            .args(["--listen", "0.0.0.0:0", "--database"])
            .arg(folder.path().join("test.sqlite"));
    });
    assert!(
        server.address.starts_with("127.0.0.1:"),
        "{}",
        server.address
    );
    assert!(server.request().starts_with("HTTP/1.1 200"));
    let Ended {
        status,
        printed,
        said,
    } = server.end();
    assert!(status.success(), "{said}");
    assert_eq!(printed, "", "the address is all that is printed");
    assert!(said.contains("ended"), "{said}");
}

#[test]
fn an_address_that_is_taken_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let output = palisade()
        .args(["serve", "--listen", &address, "--database"])
        .arg(folder.path().join("test.sqlite"))
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    let said = said(&output);
    assert!(said.contains(&format!("listen at {address}")), "{said}");
    assert!(said.contains("hint: --listen takes another port"), "{said}");
}

#[test]
fn configured_senders_may_send() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    fs_err::write(path("token"), "0123456789abcdef0123\n").unwrap();
    let configuration = format!(
        "[fetch]\ncache = {:?}\n[[source]]\nname = \"ci\"\ntype = \"sender\"\nevery = \"24h\"\nkey-file = {:?}\n",
        path("cache"),
        path("token")
    );
    fs_err::write(path("palisade.toml"), configuration).unwrap();
    let server = Running::start("serve", |command| {
        command
            .args(["--listen", "127.0.0.1:0", "--database"])
            .arg(path("test.sqlite"))
            .arg("--config")
            .arg(path("palisade.toml"));
    });
    let body = r#"{"title":"KEV","catalogVersion":"1","count":1,"dateReleased":"2026-01-01T00:00:00Z","vulnerabilities":[{"cveID":"CVE-2024-0001","dateAdded":"2024-05-01"}]}"#;
    let send = |token: &str| {
        server.ask(&format!(
            "POST /receive/kev HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\
             Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        ))
    };
    assert!(send("another").starts_with("HTTP/1.1 401"));
    let answer = send("0123456789abcdef0123");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(answer.contains(r#""added":1"#), "{answer}");
    let status = server.ask("GET /sources.json HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    assert!(status.contains(r#""name":"ci","state":"fine""#), "{status}");
    assert!(server.end().status.success());
}

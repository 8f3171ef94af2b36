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
    assert!(said.contains("Ctrl-C") && said.contains("ended"), "{said}");
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
}

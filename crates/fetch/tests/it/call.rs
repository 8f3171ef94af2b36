//! Questions with a body: what is sent, to whom, and what is never done twice.

use std::time::Duration;

use jiff::Timestamp;
use palisade_fetch::{Call, Client, FetchError, Method, Settings};

use crate::server::{Server, Step, bare, ok};

fn client() -> Client {
    let mut settings = Settings::new("Palisade/test".to_owned(), || Timestamp::UNIX_EPOCH);
    settings.total = Duration::from_secs(20);
    Client::new(settings).unwrap()
}

fn call(address: &str) -> Call {
    Call {
        method: Method::Post,
        url: address.parse().unwrap(),
        secrets: vec![("private-token", "a secret".to_owned())],
        json: "{\"body\":\"text\"}".to_owned(),
        private: true,
    }
}

#[tokio::test]
async fn what_is_asked_comes_with_its_secret_and_its_answer_is_given() {
    let server = Server::start(vec![Step::Say(ok("", "{\"id\":7}"))]).await;
    let answer = client().call(&call(&server.address)).await.unwrap();
    assert_eq!(answer, b"{\"id\":7}");
    let request = &server.requests()[0];
    assert!(request.starts_with("post / http/1.1"), "{request}");
    assert!(request.contains("private-token: a secret"), "{request}");
    assert!(
        request.contains("content-type: application/json"),
        "{request}"
    );
}

#[tokio::test]
async fn nobody_else_is_asked_and_nothing_twice() {
    let other = Server::start(vec![Step::Say(ok("", "{}"))]).await;
    let location = format!("Location: {}/\r\n", other.address);
    let moved = Server::start(vec![Step::Say(bare("307 Temporary Redirect", &location))]).await;
    let error = client().call(&call(&moved.address)).await.unwrap_err();
    assert!(
        matches!(error, FetchError::Status { code: 307, .. }),
        "{error}"
    );
    assert_eq!(other.requests(), [""; 0]);
    let broken = Server::start(vec![Step::Say(bare("503 Service Unavailable", ""))]).await;
    let error = client().call(&call(&broken.address)).await.unwrap_err();
    assert!(error.is_passing(), "{error}");
    assert_eq!(broken.requests().len(), 1);
}

#[tokio::test]
async fn the_own_network_is_out_of_reach_unless_it_is_allowed() {
    let server = Server::start(vec![Step::Say(ok("", "{}"))]).await;
    let mut call = call(&server.address);
    call.private = false;
    let error = client().call(&call).await.unwrap_err();
    assert!(matches!(error, FetchError::Address { .. }), "{error}");
    let name = server.address.replace("127.0.0.1", "localhost");
    call.url = name.parse().unwrap();
    assert!(client().call(&call).await.is_err());
    assert_eq!(server.requests(), [""; 0]);
}

#[tokio::test]
async fn an_answer_without_an_end_is_not_taken() {
    let head = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n".to_vec();
    let server = Server::start(vec![Step::Flood(head)]).await;
    let error = client().call(&call(&server.address)).await.unwrap_err();
    assert!(matches!(error, FetchError::TooLong { .. }), "{error}");
}

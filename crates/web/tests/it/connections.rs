//! Connections over a real socket: how many, and how they end.

use std::time::Duration;

use palisade_web::{Conduct, ConnectionLimits, serve};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::support::Site;

const REQUEST: &[u8] = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";

struct Server {
    address: std::net::SocketAddr,
    end: oneshot::Sender<()>,
    served: JoinHandle<()>,
}

async fn start(site: &Site) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (end, ended) = oneshot::channel();
    let site = site.served.clone();
    let served = tokio::spawn(serve(listener, site, async {
        let _ = ended.await;
    }));
    Server {
        address,
        end,
        served,
    }
}

/// Asks once over a connection that stays open, and gives what came; nothing when it is closed.
async fn ask(stream: &mut TcpStream) -> String {
    let _ = stream.write_all(REQUEST).await;
    let mut bytes = vec![0; 4096];
    let length = within(stream.read(&mut bytes)).await.unwrap_or(0);
    String::from_utf8_lossy(&bytes[..length]).into_owned()
}

async fn within<T>(work: impl Future<Output = T>) -> T {
    let done = tokio::time::timeout(Duration::from_secs(20), work).await;
    done.expect("it does not take long")
}

#[tokio::test]
async fn a_client_has_so_many_connections_and_gets_them_back() {
    let site = Site::new().await;
    site.treat(Conduct {
        connections: ConnectionLimits { all: 10, each: 2 },
        unlimited: Vec::new(),
        ..Conduct::default()
    });
    let server = start(&site).await;
    let connect = || TcpStream::connect(server.address);
    let mut first = connect().await.unwrap();
    assert!(ask(&mut first).await.starts_with("HTTP/1.1 200"));
    let mut second = connect().await.unwrap();
    assert!(ask(&mut second).await.starts_with("HTTP/1.1 200"));
    let mut third = connect().await.unwrap();
    assert_eq!(ask(&mut third).await, "", "it is closed at once");
    drop(first);
    within(async {
        while !ask(&mut connect().await.unwrap())
            .await
            .starts_with("HTTP/1.1 200")
        {
            tokio::task::yield_now().await;
        }
    })
    .await;
    let metrics = site.get("/metrics").await.body;
    let refused = metrics.lines().find_map(|line| {
        let number = line.strip_prefix("palisade_http_connections_refused_total ")?;
        number.parse::<u64>().ok()
    });
    assert!(refused.is_some_and(|number| number >= 1), "{metrics}");
}

#[tokio::test]
async fn more_connections_than_all_may_have_wait_for_one_to_end() {
    let site = Site::new().await;
    site.treat(Conduct {
        connections: ConnectionLimits { all: 1, each: 10 },
        ..Conduct::default()
    });
    let server = start(&site).await;
    let mut first = TcpStream::connect(server.address).await.unwrap();
    assert!(ask(&mut first).await.starts_with("HTTP/1.1 200"));
    let mut second = TcpStream::connect(server.address).await.unwrap();
    second.write_all(REQUEST).await.unwrap();
    let mut byte = [0];
    let waits = tokio::time::timeout(Duration::from_millis(200), second.read(&mut byte)).await;
    assert!(waits.is_err(), "it is not answered yet");
    drop(first);
    assert_eq!(within(second.read(&mut byte)).await.unwrap(), 1);
}

#[tokio::test]
async fn the_end_closes_connections_that_wait_and_takes_no_others() {
    let site = Site::new().await;
    let server = start(&site).await;
    let mut idle = TcpStream::connect(server.address).await.unwrap();
    assert!(ask(&mut idle).await.starts_with("HTTP/1.1 200"));
    server.end.send(()).unwrap();
    within(server.served).await.unwrap();
    assert_eq!(within(idle.read(&mut [0])).await.unwrap_or(0), 0);
    assert!(TcpStream::connect(server.address).await.is_err());
}

#[tokio::test]
async fn headers_that_are_too_long_are_refused() {
    let site = Site::new().await;
    let server = start(&site).await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let long = "x".repeat(200 << 10);
    let request = format!("GET / HTTP/1.1\r\nHost: x\r\nX-Long: {long}\r\n\r\n");
    let _ = stream.write_all(request.as_bytes()).await;
    let mut bytes = vec![0; 4096];
    let length = within(stream.read(&mut bytes)).await.unwrap();
    let answer = String::from_utf8_lossy(&bytes[..length]);
    assert!(answer.starts_with("HTTP/1.1 431"), "{answer}");
}

#[tokio::test]
async fn a_server_is_ready_once_its_pages_are_prepared() {
    let site = Site::small().await;
    let server = start(&site).await;
    let request = b"GET /readyz HTTP/1.1\r\nhost: palisade\r\n\r\n";
    within(async {
        loop {
            let mut stream = TcpStream::connect(server.address).await.unwrap();
            stream.write_all(request).await.unwrap();
            let mut bytes = vec![0; 4096];
            let length = stream.read(&mut bytes).await.unwrap();
            let answer = String::from_utf8_lossy(&bytes[..length]);
            if answer.starts_with("HTTP/1.1 200") {
                break;
            }
            assert!(
                answer.ends_with("it prepares its first pages\n"),
                "{answer}"
            );
        }
    })
    .await;
}

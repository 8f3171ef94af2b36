//! Reviews by a server, from end to end: a forge that is made here tells of a request, gives its patch,
//! and gets a comment; people mark hunks; something else is pushed.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use ring::hmac;
use serde_json::{Value, json};

use crate::review_patch::{PLAIN, Place, recipe, replacing, upgrade};
use crate::running::Running;

const SECRET: &str = "0123456789abcdef";
const TOKEN: &str = "forge-token";
const REVIEWER: &str = "alice's token";
const REVIEWER_SHA256: &str = "4d63559a10572d247b6d2d666f8f776c2610b47d33255a6d136746d76f8d970d";

/// The source after the upgrade.
const CHANGED: &str = "AC_INIT([hello], [1.1])\nAC_CHECK_HEADERS([zlib.h])\nAC_OUTPUT\n";

/// What the forge is asked, and what it answers.
#[derive(Default)]
struct Forge {
    /// The patch of every request.
    patch: String,
    /// Whether it answers questions for patches.
    is_slow: bool,
    /// The comments that are there, by number, in the order in which they came.
    comments: Vec<(u64, String)>,
    /// How often one was written, however that went.
    written: u64,
    /// Questions that did not have the token.
    strangers: u64,
}

struct Listening {
    address: String,
    forge: Arc<Mutex<Forge>>,
}

impl Listening {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let forge = Arc::new(Mutex::new(Forge::default()));
        let shared = Arc::clone(&forge);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let forge = Arc::clone(&shared);
                std::thread::spawn(move || answer(stream, &forge));
            }
        });
        Self { address, forge }
    }

    fn set(&self, change: impl FnOnce(&mut Forge)) {
        change(&mut self.forge.lock().unwrap());
    }

    fn comments(&self) -> Vec<(u64, String)> {
        self.forge.lock().unwrap().comments.clone()
    }

    fn written(&self) -> u64 {
        self.forge.lock().unwrap().written
    }
}

fn answer(stream: TcpStream, forge: &Mutex<Forge>) {
    let mut reader = BufReader::new(stream);
    let mut first = String::new();
    reader.read_line(&mut first).unwrap();
    if first.is_empty() {
        // Whoever wanted to ask has gone, such as a server that was ended.
        return;
    }
    let (mut length, mut known) = (0, false);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        let line = line.trim().to_ascii_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some(number) = line.strip_prefix("content-length:") {
            length = number.trim().parse().unwrap();
        }
        known |= line == format!("private-token: {TOKEN}")
            || line == format!("authorization: token {TOKEN}");
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    let (status, text) = {
        let mut forge = forge.lock().unwrap();
        if !known {
            forge.strangers += 1;
        }
        forge.answer(first.trim(), &body)
    };
    let Some(text) = text else {
        // As slow as can be: until somebody gives up.
        let _ = reader.read(&mut [0]);
        return;
    };
    let answer = format!(
        "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{text}",
        text.len()
    );
    // Whoever asked may have gone.
    let _ = reader.into_inner().write_all(answer.as_bytes());
}

impl Forge {
    fn answer(&mut self, first: &str, body: &[u8]) -> (&'static str, Option<String>) {
        let mut words = first.split(' ');
        let (method, path) = (words.next().unwrap(), words.next().unwrap());
        if method == "GET" && path.ends_with("/7.patch") {
            let text = (!self.is_slow).then(|| self.patch.clone());
            return ("200 OK", text);
        }
        let gitlab = "/api/v4/projects/alpine%2Faports/merge_requests/7/notes";
        let forgejo = "/api/v1/repos/alpine/aports/issues/7/comments";
        let one = path
            .rsplit('/')
            .next()
            .and_then(|it| it.parse::<u64>().ok());
        let text = || {
            let body: Value = serde_json::from_slice(body).unwrap();
            body["body"].as_str().unwrap().to_owned()
        };
        match (method, one) {
            ("POST", None) if [gitlab, forgejo].contains(&path) => {
                self.written += 1;
                let id = 4710 + self.written;
                self.comments.push((id, text()));
                ("201 Created", Some(json!({ "id": id }).to_string()))
            }
            ("PUT" | "PATCH", Some(id)) => {
                self.written += 1;
                let known = self.comments.iter_mut().find(|(known, _)| *known == id);
                let Some((_, comment)) = known else {
                    return ("404 Not Found", Some("{}".to_owned()));
                };
                *comment = text();
                ("200 OK", Some(json!({ "id": id }).to_string()))
            }
            _ => ("404 Not Found", Some(String::new())),
        }
    }
}

/// A server with a forge, and the folder in which it works.
struct Together {
    place: Place,
    forge: Listening,
    kind: &'static str,
}

impl Together {
    fn new(kind: &'static str) -> Self {
        let place = Place::new();
        upgrade(&place, "example.org", CHANGED);
        let forge = Listening::start();
        let configuration = format!(
            "[serve]\naddress = \"https://palisade.example\"\n[fetch]\ncache = \"{}\"\n\
             [[forge]]\nkind = \"{kind}\"\nurl = \"http://{}/\"\nproject = \"alpine/aports\"\n\
             webhook-secret = \"{SECRET}\"\ntoken-file = \"{}\"\nbranch = \"alpine/edge\"\n\
             recipes = \"aports\"\ntree = \"{}\"\nsources = \"{}\"\noffline = true\nprivate = true\n\
             [[reviewer]]\nname = \"alice\"\ntoken-sha256 = \"{REVIEWER_SHA256}\"\n",
            place.path("cache").display(),
            forge.address,
            place.path("token").display(),
            place.path("tree").display(),
            place.path("sources").display(),
        );
        place.write("palisade.toml", configuration);
        place.write("token", format!("{TOKEN}\n"));
        let together = Self { place, forge, kind };
        together.push_file();
        together
    }

    /// The forge has the patch that lies in the folder.
    fn push_file(&self) {
        let patch = fs_err::read_to_string(self.place.path("patch")).unwrap();
        self.forge.set(|forge| forge.patch = patch);
    }

    fn start(&self) -> Running {
        Running::start("serve", |command| {
            command
                .args(["--listen", "127.0.0.1:0", "--database"])
                .arg(self.place.path("test.sqlite"))
                .arg("--config")
                .arg(self.place.path("palisade.toml"));
        })
    }

    /// The forge tells of a push.
    fn tell(&self, server: &Running, head: char) {
        let head = head.to_string().repeat(40);
        let body = match self.kind {
            "gitlab" => json!({
                "object_kind": "merge_request",
                "user": { "username": "mallory" },
                "project": { "path_with_namespace": "alpine/aports" },
                "object_attributes": {
                    "iid": 7, "title": "main/hello: upgrade", "action": "update",
                    "last_commit": { "id": head },
                },
            }),
            _ => json!({
                "action": "synchronized",
                "pull_request": { "number": 7, "title": "hello", "head": { "sha": head } },
                "repository": { "full_name": "alpine/aports" },
            }),
        }
        .to_string();
        let header = match self.kind {
            "gitlab" => format!("X-Gitlab-Token: {SECRET}"),
            _ => format!("X-Forgejo-Signature: {}", signature(&body)),
        };
        let answer = server.ask(&format!(
            "POST /hooks/{} HTTP/1.1\r\nHost: x\r\n{header}\r\nContent-Length: {}\r\n\
             Connection: close\r\n\r\n{body}",
            self.kind,
            body.len()
        ));
        assert!(answer.starts_with("HTTP/1.1 202"), "{answer}");
    }
}

/// HMAC-SHA256 of a body by the secret, in hexadecimal digits.
fn signature(body: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes());
    let tag = hmac::sign(&key, body.as_bytes());
    tag.as_ref()
        .iter()
        .fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

fn view(server: &Running) -> Value {
    let answer = server.ask("GET /review/1.json HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    let body = answer.split_once("\r\n\r\n").unwrap().1;
    serde_json::from_str(body).unwrap_or_else(|_| panic!("{answer}"))
}

/// Waits until something is so.
fn wait(what: &str, server: &Running, is_so: impl Fn(&Value) -> bool) -> Value {
    let began = Instant::now();
    loop {
        let view = view(server);
        if is_so(&view) {
            return view;
        }
        assert!(
            began.elapsed() < Duration::from_mins(1),
            "{what}: {}",
            view["review"]
        );
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn reviewed(server: &Running, head: char) -> Value {
    let head = head.to_string().repeat(40);
    wait("reviewed", server, |view| {
        view["review"]["state"] == "done" && view["review"]["report_head"] == head
    })
}

#[test]
fn a_request_is_reviewed_marked_and_reviewed_again_with_one_comment() {
    let both = Together::new("gitlab");
    let server = both.start();
    both.tell(&server, 'a');
    let view = reviewed(&server, 'a');
    let package = &view["report"]["packages"][0];
    assert_eq!(package["new_version"], "1.1-r0");
    assert_eq!(
        package["sources"][0]["not_compared"],
        Value::Null,
        "{package}"
    );
    let hunks = view["hunks"].as_array().unwrap().clone();
    assert_eq!(hunks.len(), 2, "the recipe's and the source's: {hunks:?}");
    wait("told", &server, |_| both.forge.written() == 1);
    let [(id, comment)] = both.forge.comments().try_into().unwrap();
    assert!(
        comment.contains("[2 hunks to look at](https://palisade.example/review/1)"),
        "{comment}"
    );
    assert!(comment.contains("## `hello`"), "{comment}");
    let folder = both.place.path("");
    let folder = folder.to_str().unwrap();
    assert!(!comment.contains(folder), "{comment}");
    assert!(!view.to_string().contains(folder), "{view}");

    for hunk in &hunks {
        let body = format!("hunk={}&mark=fine&note=read", hunk.as_str().unwrap());
        let answer = server.ask(&format!(
            "POST /review/1/mark HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {REVIEWER}\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\
             Connection: close\r\n\r\n{body}",
            body.len()
        ));
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }

    // The recipe is another at the second push, the source is not.
    let old = fs_err::read_to_string(both.place.path("tree/main/hello/APKBUILD")).unwrap();
    let sum = both.place.source("1.1", CHANGED);
    let new = recipe("1.1", "example.org", &sum) + "# pushed again\n";
    both.place
        .write("patch", replacing("main/hello/APKBUILD", &old, &new));
    both.push_file();
    both.tell(&server, 'b');
    let view = reviewed(&server, 'b');
    assert_eq!(view["review"]["looked_at"], 1, "{view}");
    assert_eq!(view["hunks"][1], hunks[1]);
    wait("told again", &server, |_| both.forge.written() == 2);
    let [(same, changed)] = both.forge.comments().try_into().unwrap();
    assert_eq!(same, id, "the comment that was there is changed");
    assert!(changed.contains("`bbbbbbbbbbbb`"), "{changed}");

    // Somebody deletes the comment.
    both.forge.set(|forge| forge.comments.clear());
    both.tell(&server, 'c');
    reviewed(&server, 'c');
    wait("told anew", &server, |_| both.forge.comments().len() == 1);
    assert!(both.forge.comments()[0].1.contains("`cccccccccccc`"));
    assert_eq!(both.forge.forge.lock().unwrap().strangers, 0);
    assert!(server.end().status.success());
}

#[test]
fn a_pull_request_of_forgejo_is_reviewed_and_told() {
    let both = Together::new("forgejo");
    let server = both.start();
    for head in ['a', 'b'] {
        both.tell(&server, head);
        reviewed(&server, head);
    }
    wait("told twice", &server, |_| both.forge.written() >= 2);
    let comments = both.forge.comments();
    assert_eq!(comments.len(), 1, "{comments:?}");
    assert!(server.end().status.success());
}

#[test]
fn what_is_under_way_when_the_server_ends_is_taken_up_by_the_next() {
    let both = Together::new("gitlab");
    both.forge.set(|forge| forge.is_slow = true);
    let server = both.start();
    both.tell(&server, 'a');
    wait("running", &server, |view| {
        view["review"]["state"] == "running"
    });
    assert!(server.end().status.success());
    both.forge.set(|forge| forge.is_slow = false);
    let server = both.start();
    let view = reviewed(&server, 'a');
    assert_eq!(view["review"]["attempts"], 1, "it was given back");
    assert!(server.end().status.success());
}

#[test]
fn a_patch_that_cannot_be_read_is_told_without_places_on_this_machine() {
    let both = Together::new("gitlab");
    both.forge
        .set(|forge| forge.patch = "this is no patch\n".to_owned());
    let server = both.start();
    both.tell(&server, 'a');
    let view = wait("failed", &server, |view| {
        view["review"]["state"] == "failed"
    });
    let problem = view["review"]["problem"].as_str().unwrap();
    assert!(
        problem.contains("there is no change of a file in it"),
        "{problem}"
    );
    assert!(!problem.contains("/tmp"), "{problem}");
    assert_eq!(both.forge.written(), 0);
    assert!(server.end().status.success());
}

#[test]
fn a_tree_that_the_patch_does_not_fit_is_left_out_and_that_is_told() {
    let both = Together::new("gitlab");
    both.place.write("tree/main/hello/APKBUILD", PLAIN);
    let server = both.start();
    both.tell(&server, 'a');
    let view = reviewed(&server, 'a');
    assert_eq!(view["report"]["partial"], true);
    let page = server.ask("GET /review/1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    assert!(page.contains("Seen without it"), "{page}");
    assert!(server.end().status.success());
}

//! What only a program that runs inside Guix can tell: implicit inputs, systems, and what went wrong.

use palisade_formats::Place;
use palisade_model::{InputKind, Package};

use super::{malformed, try_read};

const HEADER: &str = concat!(
    r#"{"palisade":"guix-inventory","version":1,"supported_systems":["x86_64-linux","i686-linux"]}"#,
    "\n"
);

const GNU: &str = concat!(
    r#"{"palisade":"inputs","set":0,"inputs":[{"name":"gcc","version":"14"},"#,
    r#"{"name":"glibc","version":"2.41","output":"static"},{"name":"bash","version":"5"}]}"#,
    "\n"
);

/// An inventory of these lines, with a trailer that agrees.
fn whole(lines: &[&str]) -> String {
    let body: String = lines.concat();
    let packages = lines
        .iter()
        .filter(|line| line.starts_with(r#"{"name""#))
        .count();
    let sum = ring::digest::digest(&ring::digest::SHA256, body.as_bytes());
    let digits = |text: String, byte: &u8| text + &format!("{byte:02x}");
    let sum = sum.as_ref().iter().fold(String::new(), digits);
    let end = format!(r#"{{"palisade":"end","packages":{packages},"sha256":"{sum}"}}"#);
    format!("{HEADER}{body}{end}\n")
}

fn implicit(package: &Package) -> Vec<String> {
    let inputs = package
        .inputs
        .iter()
        .filter(|it| it.kind == InputKind::Implicit);
    inputs
        .map(|it| format!("{}@{}:{}", it.name, it.version, it.output))
        .collect()
}

#[test]
fn a_set_of_implicit_inputs_counts_for_each_package_that_names_it() {
    let (read, rejects) = try_read(
        "x",
        whole(&[
            GNU,
            "{\"name\":\"a\",\"version\":\"1\",\"implicit_inputs\":[0]}\n",
            "{\"name\":\"b\",\"version\":\"1\",\"inputs\":[{\"name\":\"bash\",\"version\":\"5\"}],\
         \"implicit_inputs\":[0,{\"name\":\"ghc\",\"version\":\"9\"}],\
         \"replacement\":{\"name\":\"b\",\"version\":\"2\",\"implicit_inputs\":[0]}}\n",
        ])
        .as_bytes(),
    );
    assert_eq!(rejects, []);
    let packages = read.unwrap().packages;
    assert_eq!(
        implicit(&packages[0]),
        ["gcc@14:out", "glibc@2.41:static", "bash@5:out"]
    );
    // What the package names itself is no news.
    assert_eq!(
        implicit(&packages[1]),
        ["gcc@14:out", "glibc@2.41:static", "ghc@9:out"]
    );
    let replacement = packages[1].replacement.as_deref().unwrap();
    assert_eq!(implicit(replacement).len(), 3);
}

#[test]
fn a_set_that_nobody_told_is_missed() {
    let line = "{\"name\":\"a\",\"version\":\"1\",\"implicit_inputs\":[7]}\n";
    let (read, rejects) = try_read("x", line.as_bytes());
    assert_eq!(implicit(&read.unwrap().packages[0]), [""; 0]);
    assert!(rejects[0].mended);
    assert_eq!(
        rejects[0].reason,
        "no line before it tells the set 7 of implicit inputs"
    );
    assert_eq!(
        malformed(&whole(&[GNU, GNU])),
        "line 3: the set 0 is told twice"
    );
}

#[test]
fn sets_that_blow_up_are_refused() {
    let one = r#"{"name":"gcc","version":"14"}"#;
    let many = vec![one; 100_000].join(",");
    let set = format!("{{\"palisade\":\"inputs\",\"set\":0,\"inputs\":[{many}]}}\n");
    let package = "{\"name\":\"a\",\"version\":\"1\",\"implicit_inputs\":[0]}\n";
    let reason = malformed(&whole(&[&set, &package.repeat(100)]));
    assert_eq!(reason, "it has more than 4000000 implicit inputs");
}

#[test]
fn what_guix_could_not_evaluate_is_passed_over_and_told() {
    let (read, rejects) = try_read("x", whole(&[
        "{\"palisade\":\"error\",\"module\":\"gnu packages tls\",\"reason\":\"unbound variable\"}\n",
        "{\"palisade\":\"error\",\"package\":\"b@1\",\"reason\":\"no such patch\"}\n",
        "{\"palisade\":\"error\",\"package\":\"a@1\",\"kept\":true,\"reason\":\"no bag\"}\n",
        "{\"name\":\"a\",\"version\":\"1\"}\n",
    ]).as_bytes());
    assert_eq!(read.unwrap().packages.len(), 1);
    let told: Vec<_> = rejects
        .iter()
        .map(|it| (it.id.as_deref().unwrap(), it.mended))
        .collect();
    assert_eq!(
        told,
        [
            ("the module (gnu packages tls)", false),
            ("b@1", false),
            ("a@1", true)
        ]
    );
    assert_eq!(rejects[1].place, Place::Line(3));
    assert_eq!(
        rejects[1].reason,
        "Guix could not evaluate it: no such patch"
    );
}

#[test]
fn systems_are_kept_where_they_are_not_the_usual_ones() {
    let (read, _) = try_read("x", whole(&[
        "{\"name\":\"a\",\"version\":\"1\",\"supported_systems\":[\"x86_64-linux\",\"i686-linux\"]}\n",
        "{\"name\":\"b\",\"version\":\"1\",\"supported_systems\":[\"i586-gnu\"]}\n",
        "{\"name\":\"c\",\"version\":\"1\"}\n",
    ]).as_bytes());
    let systems: Vec<_> = read
        .unwrap()
        .packages
        .into_iter()
        .map(|it| it.properties.get("supported_systems").cloned())
        .collect();
    assert_eq!(systems, [None, Some("[\"i586-gnu\"]".to_owned()), None]);
}

#[test]
fn a_line_that_is_missing_from_the_middle_is_noticed() {
    let line = "{\"name\":\"a\",\"version\":\"1\",\"implicit_inputs\":[0]}\n";
    let text = whole(&[GNU, line]);
    let cut = text.replace(GNU, "");
    assert_eq!(
        malformed(&cut),
        "the trailer's checksum is not that of the packages"
    );
}

//! Python, Ruby, Perl, npm, Go and Maven.

use palisade_version::Scheme;

use super::{check, check_validity, longest_number, script, texts};
use crate::feeds::skip;
use crate::samples::valid_pairs;

#[test]
fn packaging_orders_alike() {
    let compare = r#"
import sys
from packaging.version import Version
for line in sys.stdin:
    a, b = map(Version, line.rstrip("\n").split("\t"))
    print((a > b) - (a < b))"#;
    let pairs = valid_pairs(Scheme::Pep440, 11, 20_000);
    check(
        "packaging",
        Scheme::Pep440,
        &pairs,
        &mut script("python3", "-c", compare),
    );
}

#[test]
fn packaging_accepts_alike() {
    let validate = r#"
import sys
from packaging.version import InvalidVersion, Version
for line in sys.stdin:
    try: Version(line.rstrip("\n")); print(1)
    except InvalidVersion: print(0)"#;
    check_validity(
        "packaging validity",
        &texts(Scheme::Pep440, 12, 40_000),
        &mut script("python3", "-c", validate),
        |text| Scheme::Pep440.is_valid(text),
    );
}

#[test]
fn gem_version_orders_alike() {
    let compare = r#"
STDIN.each_line { |line|
  a, b = line.chomp.split("\t", -1)
  puts Gem::Version.new(a) <=> Gem::Version.new(b) }"#;
    let pairs = valid_pairs(Scheme::RubyGems, 13, 20_000);
    check(
        "Gem::Version",
        Scheme::RubyGems,
        &pairs,
        &mut script("ruby", "-e", compare),
    );
}

#[test]
fn gem_version_accepts_alike() {
    let validate = "STDIN.each_line { |line| puts(Gem::Version.correct?(line.chomp) ? 1 : 0) }";
    check_validity(
        "Gem::Version validity",
        &texts(Scheme::RubyGems, 14, 20_000),
        &mut script("ruby", "-e", validate),
        |text| Scheme::RubyGems.is_valid(text),
    );
}

#[test]
fn version_pm_orders_alike() {
    let compare = r#"
use version;
while (<STDIN>) {
    chomp;
    my ($a, $b) = map { version->parse($_) } split /\t/;
    print $a <=> $b, "\n";
}"#;
    let pairs: Vec<_> = valid_pairs(Scheme::Cpan, 15, 20_000)
        .into_iter()
        // version.pm takes every number beyond 31 bits for the same; see the module.
        .filter(|(a, b)| {
            ![a, b]
                .iter()
                .any(|text| longest_number(&text.replace('_', "")) > 9)
        })
        .collect();
    assert!(pairs.len() >= 2_000);
    check(
        "version.pm",
        Scheme::Cpan,
        &pairs,
        &mut script("perl", "-e", compare),
    );
}

#[test]
fn version_pm_accepts_alike() {
    let validate = r#"
use version;
while (<STDIN>) { chomp; print eval { version->parse($_); 1 } ? 1 : 0, "\n" }"#;
    // A lone dot, and an underscore at the end of a dotted version: refused here on purpose.
    let is_refused = |text: &String| text == "." || text.ends_with('_');
    let texts: Vec<_> = texts(Scheme::Cpan, 16, 20_000)
        .into_iter()
        .filter(|text| !is_refused(text))
        .collect();
    check_validity(
        "version.pm validity",
        &texts,
        &mut script("perl", "-e", validate),
        |text| Scheme::Cpan.is_valid(text),
    );
}

#[test]
fn node_semver_orders_alike() {
    let compare = r#"
const semver = require("semver");
for (const line of require("fs").readFileSync(0, "utf8").split("\n").slice(0, -1))
    console.log(semver.compare(...line.split("\t")));"#;
    let pairs: Vec<_> = valid_pairs(Scheme::Semver, 17, 20_000)
        .into_iter()
        // npm refuses numbers beyond 2⁵³.
        .filter(|(a, b)| ![a, b].iter().any(|text| longest_number(text) > 15))
        .collect();
    assert!(pairs.len() >= 2_000);
    check(
        "node-semver",
        Scheme::Semver,
        &pairs,
        &mut script("node", "-e", compare),
    );
}

#[test]
fn node_semver_accepts_alike() {
    let validate = r#"
const semver = require("semver");
for (const line of require("fs").readFileSync(0, "utf8").split("\n").slice(0, -1))
    console.log(semver.valid(line) ? 1 : 0);"#;
    // npm also drops blanks and `=` in front, and refuses numbers beyond 2⁵³.
    let is_special = |text: &String| text.contains(['=', ' ']) || longest_number(text) > 15;
    let texts: Vec<_> = texts(Scheme::Semver, 18, 20_000)
        .into_iter()
        .filter(|text| !is_special(text))
        .collect();
    check_validity(
        "node-semver validity",
        &texts,
        &mut script("node", "-e", validate),
        |text| Scheme::Semver.is_valid(text),
    );
}

/// Prints the order of the two versions of a line, or whether the only one is valid.
const GO_PROGRAM: &str = r#"
package main

import ("bufio"; "fmt"; "os"; "strings"; "golang.org/x/mod/semver")

func main() {
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		if a, b, ok := strings.Cut(lines.Text(), "\t"); ok {
			fmt.Println(semver.Compare("v"+strings.TrimPrefix(a, "v"), "v"+strings.TrimPrefix(b, "v")))
		} else if semver.IsValid("v" + strings.TrimPrefix(a, "v")) {
			fmt.Println(1)
		} else {
			fmt.Println(0)
		}
	}
}"#;

/// A shell command that builds and runs the program above in a directory of its own.
fn go_command() -> std::process::Command {
    let build = r#"
command -v go >/dev/null || exit 1
directory=$(mktemp -d) && printf %s "$0" > "$directory/main.go" || exit 1
GOCACHE="$directory/cache" go run "$directory/main.go"
status=$?; rm -rf "$directory"; exit $status"#;
    let mut command = script("sh", "-c", build);
    command.arg(GO_PROGRAM);
    command
}

#[test]
fn go_orders_alike() {
    check(
        "x/mod/semver",
        Scheme::Go,
        &valid_pairs(Scheme::Go, 19, 20_000),
        &mut go_command(),
    );
}

#[test]
fn go_accepts_alike() {
    let texts = texts(Scheme::Go, 20, 20_000);
    check_validity("x/mod/semver validity", &texts, &mut go_command(), |text| {
        Scheme::Go.is_valid(text)
    });
}

#[test]
fn maven_orders_alike() {
    // Debian's Maven is 3.8, whose rules were others, so a newer library must be named.
    #[expect(
        clippy::disallowed_methods,
        reason = "a test may be told where Maven is"
    )]
    let Ok(class_path) = std::env::var("PALISADE_MAVEN_ARTIFACT") else {
        skip(
            "maven",
            "PALISADE_MAVEN_ARTIFACT names no class path with Maven 4's artifact library",
        );
        return;
    };
    let program = r#"
import java.util.Scanner;
import org.apache.maven.artifact.versioning.ComparableVersion;
public class Compare {
    public static void main(String... arguments) {
        for (Scanner lines = new Scanner(System.in); lines.hasNextLine();) {
            String[] pair = lines.nextLine().split("\t");
            ComparableVersion a = new ComparableVersion(pair[0]);
            System.out.println(Integer.signum(a.compareTo(new ComparableVersion(pair[1]))));
        }
    }
}"#;
    let launch = r#"
directory=$(mktemp -d) && printf %s "$0" > "$directory/Compare.java" || exit 1
java -cp "$1" "$directory/Compare.java"
status=$?; rm -rf "$directory"; exit $status"#;
    let mut command = script("sh", "-c", launch);
    command.args([program, &class_path]);
    check(
        "maven",
        Scheme::Maven,
        &valid_pairs(Scheme::Maven, 21, 20_000),
        &mut command,
    );
}

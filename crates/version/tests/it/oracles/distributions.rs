//! apk, dpkg, rpm, vercmp, the C library (for Guix) and Nix.

use std::process::Command;

use palisade_version::Scheme;

use super::{check, check_validity, longest_number, script, texts};
use crate::feeds::skip;
use crate::samples::{pairs, valid_pairs};

/// Reads pairs and asks `$compare A B` three times at most; quick enough for a few thousand.
const BY_EXIT_STATUS: &str = r#"
dpkg --version >/dev/null || exit 1
while IFS="	" read -r a b; do
    if dpkg --compare-versions "$a" lt "$b"; then echo "<"
    elif dpkg --compare-versions "$a" gt "$b"; then echo ">"
    else echo "="; fi
done"#;

#[test]
fn dpkg_orders_alike() {
    let pairs = valid_pairs(Scheme::Deb, 1, 2_000);
    check(
        "dpkg",
        Scheme::Deb,
        &pairs,
        &mut script("sh", "-c", BY_EXIT_STATUS),
    );
}

#[test]
fn dpkg_accepts_alike() {
    let validate = r#"
dpkg --version >/dev/null || exit 1
while IFS= read -r v; do dpkg --validate-version "$v" && echo 1 || echo 0; done"#;
    check_validity(
        "dpkg --validate-version",
        &texts(Scheme::Deb, 2, 2_000),
        &mut script("sh", "-c", validate),
        |text| Scheme::Deb.is_valid(text),
    );
}

#[test]
fn rpm_orders_alike() {
    let lua = r#"%{lua:
        for line in io.lines() do
            local a, b = line:match("^([^\t]*)\t(.*)$")
            print(rpm.vercmp(a, b) .. "\n")
        end}"#;
    let pairs = valid_pairs(Scheme::Rpm, 3, 20_000);
    let mut command = script("rpm", "--eval", lua);
    // Blank lines come between the answers.
    check("rpm", Scheme::Rpm, &pairs, &mut squeezed(&mut command));
}

/// Runs `command` through a shell that drops the blank lines of its output.
fn squeezed(command: &mut Command) -> Command {
    let mut shell = script(
        "sh",
        "-c",
        r#"command -v "$0" >/dev/null && "$0" "$@" | grep ."#,
    );
    shell.arg(command.get_program()).args(command.get_args());
    shell
}

#[test]
fn vercmp_orders_alike() {
    let compare = r#"
command -v vercmp >/dev/null || exit 1
while IFS="	" read -r a b; do vercmp "$a" "$b"; done"#;
    let pairs = valid_pairs(Scheme::Pacman, 4, 4_000);
    check(
        "vercmp",
        Scheme::Pacman,
        &pairs,
        &mut script("sh", "-c", compare),
    );
}

#[test]
fn strverscmp_orders_alike() {
    let compare = r#"
import ctypes, sys
libc = ctypes.CDLL("libc.so.6")
for line in sys.stdin:
    a, b = line.rstrip("\n").split("\t")
    order = libc.strverscmp(a.encode(), b.encode())
    print((order > 0) - (order < 0))"#;
    let pairs = pairs(Scheme::Guix, 5, 100_000);
    check(
        "strverscmp",
        Scheme::Guix,
        &pairs,
        &mut script("python3", "-c", compare),
    );
}

#[test]
fn nix_orders_alike() {
    let pairs: Vec<_> = pairs(Scheme::Nix, 6, 10_000)
        .into_iter()
        // Nix compares numbers beyond 32 bits as text; see the module.
        .filter(|(a, b)| ![a, b].iter().any(|text| longest_number(text) > 9))
        .collect();
    assert!(pairs.len() >= 2_000);
    let evaluate = r#"
input=$(cat)
printf '%s\n' "$input" | sed 's/"/\\"/g; s/^\(.*\)\t\(.*\)$/(builtins.compareVersions "\1" "\2")/' |
    { echo 'builtins.concatStringsSep "," (map toString ['; cat; echo '])'; } > "$0"
nix-instantiate --store dummy:// --eval "$0" | tr -d '"' | tr ',' '\n'
status=$?; rm -f "$0"; exit $status"#;
    if Command::new("nix-instantiate")
        .arg("--version")
        .output()
        .is_err()
    {
        skip("nix", "the program is not installed, or failed");
        return;
    }
    let file = std::env::temp_dir().join(format!("palisade-version-{}.nix", std::process::id()));
    let mut command = script("sh", "-c", evaluate);
    command.arg(file);
    check("nix", Scheme::Nix, &pairs, &mut command);
}

/// A root directory with Alpine in it, in which apk-tools 3 runs.
fn apk_root() -> Option<String> {
    #[expect(
        clippy::disallowed_methods,
        reason = "a test may be told where Alpine is"
    )]
    std::env::var("PALISADE_APK_ROOT").ok()
}

fn in_apk_root(test: &str, commands: &str) -> Option<Command> {
    let Some(root) = apk_root() else {
        skip(test, "PALISADE_APK_ROOT names no directory with Alpine");
        return None;
    };
    let mut command = Command::new("chroot");
    command.args([root.as_str(), "/bin/sh", "-c", commands]);
    Some(command)
}

#[test]
fn apk_orders_alike() {
    let compare = r#"while IFS="	" read -r a b; do /sbin/apk version -t "$a" "$b"; done"#;
    if let Some(mut command) = in_apk_root("apk version -t", compare) {
        let pairs: Vec<_> = valid_pairs(Scheme::Apk, 7, 2_200)
            .into_iter()
            // apk's numbers wrap at 2⁶⁴; see the module.
            .filter(|(a, b)| ![a, b].iter().any(|text| longest_number(text) > 19))
            .collect();
        assert!(pairs.len() >= 2_000);
        check("apk version -t", Scheme::Apk, &pairs, &mut command);
    }
}

#[test]
fn apk_accepts_alike() {
    let validate = r#"while IFS= read -r v; do
        test -z "$(/sbin/apk version -c -- "$v")" && echo 1 || echo 0; done"#;
    if let Some(mut command) = in_apk_root("apk version -c", validate) {
        let texts = texts(Scheme::Apk, 8, 1_000);
        check_validity("apk version -c", &texts, &mut command, |text| {
            Scheme::Apk.is_valid(text)
        });
    }
}

//! What was checked with care and is checked with less: a comparison in constant time that goes, a
//! count that falls, chance that can be guessed, a service that keeps its rights.

use bstr::ByteSlice;

use super::lines::normalised;
use super::place::{Language, Role};
use super::view::{Found, Sheet, View};
use super::world::World;

/// Comparisons that tell nothing by the time they take.
const CONSTANT_TIME: &[&str] = &[
    "compare_digest",
    "ConstantTimeCompare",
    "timingSafeEqual",
    "CRYPTO_memcmp",
    "constant_time_eq",
    "timingsafe_bcmp",
    "consttime_memequal",
    "secure_compare",
    "hash_equals",
];

/// Calls that compare what they are given.
const CHECKS: &[&str] = &[
    "same(", "equal", "compare", "memcmp(", "verify", "matches(", "eq(", "check",
];

/// Chance that nobody can guess.
const UNGUESSABLE: &[&str] = &[
    "secrets.",
    "SystemRandom",
    "randomBytes",
    "getRandomValues",
    "getrandom",
    "SecureRandom",
    "OsRng",
    "RAND_bytes",
    "crypto/rand",
    "arc4random",
    "urandom",
];

/// Chance that anybody can.
const GUESSABLE: &[&str] = &[
    "random.getrandbits",
    "random.randint",
    "random.choice",
    "random.random",
    "Math.random",
    "math/rand",
    "rand()",
    "srand(",
    "mt_rand",
];

/// Words beside which a number is a measure of strength.
const STRENGTH: &[&str] = &[
    "pbkdf2",
    "iteration",
    "rounds",
    "bcrypt",
    "scrypt",
    "argon2",
    "work_factor",
];

/// What a service gives up of its own will.
const SERVICE: &[&str] = &[
    "NoNewPrivileges=",
    "ProtectSystem=",
    "ProtectHome=",
    "DynamicUser=",
    "PrivateTmp=",
    "PrivateDevices=",
    "SystemCallFilter=",
    "CapabilityBoundingSet=",
    "MemoryDenyWriteExecute=",
    "RestrictAddressFamilies=",
];

/// How a program gives up what it needs no longer, and asks whom it trusts.
const CONFINEMENT: &[&str] = &[
    "PR_SET_NO_NEW_PRIVS",
    "PR_SET_SECCOMP",
    "PR_SET_DUMPABLE",
    "seccomp_load(",
    "seccomp_rule_add(",
    "landlock_restrict_self",
    "restrict_self(",
    "pledge(",
    "unveil(",
    "cap_enter(",
    "cap_rights_limit(",
    "sandbox_init(",
    "setgroups(",
    "initgroups(",
    "setresuid(",
    "setresgid(",
    "gnutls_certificate_verify_peers",
    "X509_verify_cert(",
    "X509_check_host(",
    "SSL_get_verify_result(",
    "EVP_DigestVerifyFinal(",
    "crypto_sign_verify_detached(",
    "gpgme_op_verify(",
];

pub(crate) fn detect(view: &View<'_>, world: &World<'_>, sheet: &mut Sheet<'_>) {
    if view.old.is_none() || view.text.is_none() || view.place.in_tests {
        return;
    }
    let removed = view.removed_lines();
    if removed.is_empty() {
        return;
    }
    if view.place.role == Role::Source || view.place.role == Role::Script {
        constant_time(view, &removed, sheet);
        chance(view, &removed, sheet);
        strength(view, &removed, sheet);
        digest(view, &removed, sheet);
        allowed(view, &removed, world, sheet);
        confinement(view, &removed, world, sheet);
    }
    service(view, &removed, sheet);
}

fn tell(view: &View<'_>, line: u32, excerpt: &[u8], detail: &str, sheet: &mut Sheet<'_>) {
    let found = Found::at(line, excerpt).detail(detail);
    sheet.raise("protection-weakened", view.path, found);
}

fn holds(line: &[u8], words: &[&str]) -> bool {
    words.iter().any(|word| line.contains_str(word))
}

fn constant_time(view: &View<'_>, removed: &[&[u8]], sheet: &mut Sheet<'_>) {
    let calls = |bytes: &[u8]| {
        let mut count = 0;
        for word in CONSTANT_TIME {
            count += bytes.find_iter(word).count();
        }
        count
    };
    let gone = removed.iter().find(|line| holds(line, CONSTANT_TIME));
    let Some(gone) = gone.filter(|_| calls(view.bytes()) < calls(view.old_bytes())) else {
        return;
    };
    // Something is compared in its place; else the code only went.
    let compares = |line: &&(u32, &[u8])| {
        let words = [
            "==",
            "memcmp(",
            "equal",
            "return true",
            "return True",
            "return 1;",
        ];
        holds(line.1, &words)
    };
    if let Some((number, _)) = view.new_lines().collect::<Vec<_>>().iter().find(compares) {
        let detail = "a comparison in constant time is gone";
        tell(view, *number, gone, detail, sheet);
    }
}

fn chance(view: &View<'_>, removed: &[&[u8]], sheet: &mut Sheet<'_>) {
    if !removed.iter().any(|line| holds(line, UNGUESSABLE)) {
        return;
    }
    let guessed = view.new_lines().find(|(_, line)| holds(line, GUESSABLE));
    if let Some((number, line)) = guessed {
        let detail = "chance that can be guessed, where it could not be";
        tell(view, number, line, detail, sheet);
    }
}

/// The same line as before with a number that is less than a tenth of what it was.
fn strength(view: &View<'_>, removed: &[&[u8]], sheet: &mut Sheet<'_>) {
    for (number, line) in view.new_lines() {
        let lower = line.to_ascii_lowercase();
        if !holds(&lower, STRENGTH) || line.len() > 400 {
            continue;
        }
        let same = normalised(line);
        let before = removed.iter().find(|old| normalised(old) == same);
        let fell = before.is_some_and(|old| {
            numbers(old)
                .zip(numbers(line))
                .any(|(old, new)| old >= 10 && new < old / 10)
        });
        if fell {
            tell(
                view,
                number,
                line,
                "a number fell to less than a tenth",
                sheet,
            );
        }
    }
}

fn numbers(line: &[u8]) -> impl Iterator<Item = u64> + '_ {
    line.split(|byte| !byte.is_ascii_digit())
        .filter(|digits| !digits.is_empty())
        .map(|digits| {
            digits.iter().fold(0_u64, |sum, digit| {
                sum.saturating_mul(10)
                    .saturating_add(u64::from(digit - b'0'))
            })
        })
}

/// What is compared to know that data is what it should be.
const DIGESTS: &[&str] = &[
    "digest",
    "hmac",
    "sha256",
    "sha512",
    "signature",
    "checksum",
    "blake",
];

/// Ways to look at the beginning of something only.
const BEGINNINGS: &[&str] = &[
    "[0]",
    ".first()",
    "[..",
    "[:",
    ".starts_with(",
    ".startswith(",
    ".startsWith(",
    "HasPrefix(",
];

/// A digest that was handed over whole and of which only the beginning is compared now.
fn digest(view: &View<'_>, removed: &[&[u8]], sheet: &mut Sheet<'_>) {
    let named = |line: &[u8]| {
        let line = line.to_ascii_lowercase();
        DIGESTS.iter().filter(move |word| line.contains_str(word))
    };
    let compares = |line: &[u8]| holds(line, &["==", "!=", "with(", "With(", "HasPrefix("]);
    let checks = |line: &[u8]| compares(line) || holds(line, CHECKS);
    for (number, line) in view.new_lines() {
        if !compares(line) || !holds(line, BEGINNINGS) {
            continue;
        }
        let whole = removed.iter().any(|old| {
            checks(old)
                && !holds(old, BEGINNINGS)
                && named(line).any(|word| named(old).any(|it| it == word))
        });
        if whole {
            let detail = "only the beginning of a digest is compared";
            tell(view, number, line, detail, sheet);
        }
    }
}

/// Rust's promise that a crate does nothing unsafe, taken back.
fn allowed(view: &View<'_>, removed: &[&[u8]], world: &World<'_>, sheet: &mut Sheet<'_>) {
    if view.place.language != Language::Rust {
        return;
    }
    let promise = |line: &[u8]| {
        line.trim_ascii_start().starts_with(b"#![")
            && ["forbid(", "deny("]
                .iter()
                .any(|word| line.contains_str(word))
            && line.contains_str("unsafe_code")
    };
    let Some(line) = removed.iter().find(|line| promise(line)) else {
        return;
    };
    // A workspace may promise it for all its crates.
    let manifest = |path: &&bstr::BStr| path.ends_with(b"Cargo.toml");
    let elsewhere = world
        .new
        .iter()
        .filter(|(path, _)| manifest(path))
        .any(|(_, file)| file.content.bytes.contains_str("unsafe_code"));
    if !elsewhere && !view.bytes().lines().any(promise) {
        tell(view, 1, line, "unsafe code is no longer refused", sheet);
    }
}

/// A call that confines the program or checks a signature, and that nothing makes any longer.
fn confinement(view: &View<'_>, removed: &[&[u8]], world: &World<'_>, sheet: &mut Sheet<'_>) {
    let is_code = |line: &[u8]| {
        let line = line.trim_ascii_start();
        !["//", "*", "/*", "#"]
            .iter()
            .any(|mark| line.starts_with(mark.as_bytes()))
    };
    let word_of = |line: &[u8]| {
        let begins =
            |at: usize| at == 0 || !(line[at - 1].is_ascii_alphanumeric() || line[at - 1] == b'_');
        CONFINEMENT
            .iter()
            .find(|word| line.find_iter(word).any(begins))
    };
    let gone = removed.iter().filter(|line| is_code(line));
    let gone = gone.filter_map(|line| Some((line, word_of(line)?)));
    let is_left = |word: &str| {
        let mut files = world.new.iter();
        view.bytes().contains_str(word)
            || files.any(|(_, file)| file.content.bytes.contains_str(word))
    };
    if let Some((line, _)) = gone.into_iter().find(|(_, word)| !is_left(word)) {
        tell(
            view,
            1,
            line,
            "what confined the program, or checked whom it trusts, is gone",
            sheet,
        );
    }
}

fn service(view: &View<'_>, removed: &[&[u8]], sheet: &mut Sheet<'_>) {
    if !view.path.contains_str(".service") || view.place.language == Language::C {
        return;
    }
    let gone = removed.iter().find(|line| {
        SERVICE.iter().any(|setting| {
            line.trim_ascii().starts_with(setting.as_bytes()) && !view.bytes().contains_str(setting)
        })
    });
    if let Some(line) = gone {
        tell(view, 1, line, "the service keeps more rights", sheet);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_without_overflow() {
        let found: Vec<u64> = numbers(b"a 12, 99999999999999999999999 b7").collect();
        assert_eq!(found, [12, u64::MAX, 7]);
    }
}

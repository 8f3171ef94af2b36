//! One weak sign is everyday, two that need each other are a plan: what stands together in a change
//! is raised, with the reason.

use bstr::BString;

use super::place::Place;
use crate::signal::{Severity, Signal};

/// Two rules that support each other.
struct Pair {
    /// What is raised.
    rule: &'static str,
    /// What supports it.
    support: &'static [&'static str],
    /// Where the support must stand.
    scope: Scope,
    raised: Severity,
    reason: &'static str,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Scope {
    File,
    Change,
}

/// What makes a build run what it did not bring as its own.
const RUNS_OTHERS: &[&str] = &[
    "build-reads-test-data",
    "shell-eval-pipe-in-build",
    "pipe-to-shell",
    "decode-and-execute",
    "network-in-build",
];

const PAIRS: &[Pair] = &[
    Pair {
        rule: "build-reads-test-data",
        support: &[
            "shell-eval-pipe-in-build",
            "decode-and-execute",
            "binary-test-fixture-added",
            "pipe-to-shell",
        ],
        scope: Scope::Change,
        raised: Severity::Critical,
        reason: "and something in the same change can run what is read, or is there to be read",
    },
    Pair {
        rule: "binary-test-fixture-added",
        support: &["build-reads-test-data"],
        scope: Scope::Change,
        raised: Severity::Warning,
        reason: "and the build reads data of the tests",
    },
    Pair {
        rule: "embedded-archive-in-binary",
        support: &[
            "build-reads-test-data",
            "decode-and-execute",
            "shell-eval-pipe-in-build",
        ],
        scope: Scope::Change,
        raised: Severity::Critical,
        reason: "and the same change has what would take it out",
    },
    Pair {
        rule: "m4-known-name-unknown-content",
        support: &[
            "build-reads-test-data",
            "shell-eval-pipe-in-build",
            "pipe-to-shell",
            "decode-and-execute",
            "network-in-build",
            "m4-serial-above-upstream",
        ],
        scope: Scope::File,
        raised: Severity::Critical,
        reason: "and what it does is nothing that its upstream's copy does",
    },
    Pair {
        rule: "m4-serial-above-upstream",
        support: RUNS_OTHERS,
        scope: Scope::File,
        raised: Severity::Critical,
        reason: "and it does what its upstream's copy does not",
    },
    Pair {
        rule: "distribution-condition",
        support: &[
            "build-reads-test-data",
            "shell-eval-pipe-in-build",
            "pipe-to-shell",
            "decode-and-execute",
            "network-in-build",
            "encoded-payload",
            "hardening-disabled",
        ],
        scope: Scope::File,
        raised: Severity::Critical,
        reason: "and only then does something that it should not do at all",
    },
    Pair {
        rule: "architecture-condition",
        support: &[
            "build-reads-test-data",
            "shell-eval-pipe-in-build",
            "pipe-to-shell",
            "decode-and-execute",
            "distribution-condition",
        ],
        scope: Scope::File,
        raised: Severity::Warning,
        reason: "and only then does something that it should not do at all",
    },
    Pair {
        rule: "date-condition",
        support: &[
            "network-in-build",
            "data-sent-out",
            "pipe-to-shell",
            "decode-and-execute",
            "credentials-read",
            "encoded-payload",
            "destructive-command",
        ],
        scope: Scope::File,
        raised: Severity::Critical,
        reason: "and waits for its day to do something else",
    },
    Pair {
        rule: "encoded-payload",
        support: &[
            "decode-and-execute",
            "eval-of-built-string",
            "obfuscated-js",
            "obfuscated-python",
        ],
        scope: Scope::File,
        raised: Severity::Warning,
        reason: "and the same file decodes and runs",
    },
    Pair {
        rule: "install-hook-added",
        support: &[
            "network-in-build",
            "pipe-to-shell",
            "decode-and-execute",
            "credentials-read",
            "data-sent-out",
            "obfuscated-js",
            "persistence-added",
            "download-and-run",
        ],
        scope: Scope::File,
        raised: Severity::Critical,
        reason: "and it reaches out while it installs",
    },
    Pair {
        rule: "credentials-read",
        support: &[
            "data-sent-out",
            "network-in-build",
            "decode-and-execute",
            "obfuscated-js",
            "encoded-payload",
        ],
        scope: Scope::File,
        raised: Severity::Critical,
        reason: "and the same file reaches the network",
    },
    Pair {
        rule: "anti-analysis",
        support: &[
            "credentials-read",
            "data-sent-out",
            "network-in-build",
            "decode-and-execute",
            "encoded-payload",
            "persistence-added",
        ],
        scope: Scope::File,
        raised: Severity::Critical,
        reason: "and hides something else from whoever looks",
    },
    Pair {
        rule: "ifunc-added",
        support: &[
            "build-reads-test-data",
            "analysis-suppressed",
            "distribution-condition",
            "m4-serial-above-upstream",
        ],
        scope: Scope::Change,
        raised: Severity::Critical,
        reason: "and other parts of the same change prepare a way into the build",
    },
    Pair {
        rule: "analysis-suppressed",
        support: &["ifunc-added", "constructor-added", "build-reads-test-data"],
        scope: Scope::Change,
        raised: Severity::Warning,
        reason: "and the same change has code that such tools would trip over",
    },
    Pair {
        rule: "hidden-file-added",
        support: &[
            "pipe-to-shell",
            "decode-and-execute",
            "elf-added",
            "encoded-payload",
            "data-sent-out",
        ],
        scope: Scope::File,
        raised: Severity::Critical,
        reason: "and what it holds is no setting",
    },
];

/// Raises what something else in the change supports.
pub(crate) fn correlate(signals: &mut [Signal]) {
    let present: Vec<(&'static str, BString)> = signals
        .iter()
        .filter(|signal| !is_prose(signal) && supports(signal))
        .map(|signal| (signal.rule, signal.path.clone()))
        .collect();
    for signal in signals.iter_mut().filter(|signal| !is_prose(signal)) {
        for pair in PAIRS
            .iter()
            .filter(|pair| pair.rule == signal.rule && pair.raised > signal.severity)
        {
            let support = present.iter().find(|(rule, path)| {
                pair.support.contains(rule) && (pair.scope == Scope::Change || *path == signal.path)
            });
            if let Some((rule, _)) = support {
                signal.severity = pair.raised;
                signal.why = format!("{}; {} ({rule})", signal.why, pair.reason);
                break;
            }
        }
    }
}

/// Weak signs by nature that still support a stronger one.
const WEAK: &[&str] = &[
    "binary-test-fixture-added",
    "analysis-suppressed",
    "constructor-added",
    "encoded-payload",
    "ifunc-added",
];

/// A sign that was put down to a note for its place is no support.
fn supports(signal: &Signal) -> bool {
    signal.severity > Severity::Note || WEAK.contains(&signal.rule)
}

/// What stands in documentation supports nothing and is supported by nothing.
fn is_prose(signal: &Signal) -> bool {
    use super::place::Role;
    matches!(
        Place::of(signal.path.as_ref(), b"").role,
        Role::Documentation | Role::Translation
    )
}

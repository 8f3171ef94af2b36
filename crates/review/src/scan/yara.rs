//! Packs of YARA rules that others keep, through `boreal`: each file that is new or changed meets
//! them, and what the old side matched too is not news.

use std::time::Duration;

use boreal::compiler::{AddRuleError, CompilerBuilder, CompilerParams};
use boreal::scanner::{EvaluatedRule, ScanParams};
use boreal::{Metadata, MetadataValue};
use bstr::{BString, ByteSlice};

use super::place::Role;
use super::view::{View, excerpt};
use crate::rules::intern;
use crate::signal::{Severity, Signal, Specificity};

/// One file may take this long.
const TIME: Duration = Duration::from_secs(10);

/// So much of a match is shown.
const SHOWN: usize = 240;

/// Strings that one rule may have.
const STRINGS: usize = 10_000;

/// A pack that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("YARA rules {file}: {reason}")]
pub struct YaraError {
    file: String,
    reason: String,
}

/// Compiled packs.
#[derive(Debug)]
pub struct Yara {
    scanner: boreal::Scanner,
    /// Packs that did not compile.
    broken: Vec<YaraError>,
}

impl Yara {
    /// Compiles packs, each a name and its text. None includes another file. One that does not compile
    /// is told of in each scan, and keeps no other from looking.
    ///
    /// # Errors
    /// Where none compiles: of the first, its name, the line and the reason.
    pub fn compile(packs: &[(String, String)]) -> Result<Self, YaraError> {
        let mut compiler = CompilerBuilder::new().build();
        compiler.set_params(
            CompilerParams::default()
                .disable_includes(true)
                .max_strings_per_rule(STRINGS),
        );
        let mut broken = Vec::new();
        for (file, text) in packs {
            let told = |error: AddRuleError| YaraError {
                file: file.clone(),
                // It calls every text `mem`.
                reason: error.to_string().trim().replacen("mem:", "line ", 1),
            };
            let added = compiler.add_rules_str_in_namespace(text, file);
            broken.extend(added.map_err(told).err());
        }
        if broken.len() == packs.len()
            && let Some(first) = broken.drain(..).next()
        {
            return Err(first);
        }
        let mut scanner = compiler.finalize();
        let params = ScanParams::default()
            .timeout_duration(Some(TIME))
            .match_max_length(SHOWN)
            .string_max_nb_matches(100)
            .compute_full_matches(true);
        scanner.set_scan_params(params);
        Ok(Self { scanner, broken })
    }

    /// Which packs do not look, since they cannot be used.
    pub(crate) fn broken(&self) -> impl Iterator<Item = Signal> + '_ {
        self.broken.iter().map(|error| Signal {
            rule: "yara/broken-pack",
            severity: Severity::Warning,
            specificity: Specificity::Low,
            path: BString::default(),
            line: None,
            excerpt: excerpt(error.file.as_bytes()),
            why: format!("{error}; what this pack would have found is not told"),
        })
    }

    /// What is new in a file, and how many rules matched its old side as well.
    pub(crate) fn scan(&self, view: &View<'_>) -> (Vec<Signal>, usize) {
        let (rules, finished) = self.matches(view.bytes());
        let mut signals = Vec::new();
        if !finished {
            signals.push(unfinished(view));
        }
        if rules.is_empty() {
            return (signals, 0);
        }
        let (before, _) = self.matches(view.old_bytes());
        let known = |rule: &&EvaluatedRule<'_>| {
            before
                .iter()
                .any(|old| (old.namespace, old.name) == (rule.namespace, rule.name))
        };
        let (unchanged, new): (Vec<_>, Vec<_>) = rules.iter().partition(known);
        signals.extend(new.into_iter().map(|rule| self.signal(rule, view)));
        (signals, unchanged.len())
    }

    /// The rules that match, and whether all were tried: of a scan that took too long, those that had
    /// matched by then.
    fn matches(&self, bytes: &[u8]) -> (Vec<EvaluatedRule<'_>>, bool) {
        if bytes.is_empty() {
            return (Vec::new(), true);
        }
        match self.scanner.scan_mem(bytes) {
            Ok(found) => (found.rules, true),
            Err((_, found)) => (found.rules, false),
        }
    }

    fn signal(&self, rule: &EvaluatedRule<'_>, view: &View<'_>) -> Signal {
        let strings = rule.matches.iter().flat_map(|string| &string.matches);
        let first = strings.min_by_key(|found| found.offset);
        let prose = matches!(view.place.role, Role::Documentation | Role::Translation);
        let line = first.zip(view.text.as_ref());
        Signal {
            rule: intern(&format!("yara/{}", rule.name)),
            severity: if prose {
                Severity::Note
            } else {
                self.severity(rule)
            },
            specificity: Specificity::Medium,
            path: view.path.to_owned(),
            line: line.map(|(found, text)| text.number_at(found.offset)),
            excerpt: excerpt(first.map_or(&[][..], |found| &found.data)),
            why: self.why(rule),
        }
    }

    /// What the rule says of itself: `severity` or `risk` in words, `score` from 0 to 100, or a tag.
    fn severity(&self, rule: &EvaluatedRule<'_>) -> Severity {
        let tags = rule
            .tags
            .iter()
            .map(|tag| self.scanner.get_string_symbol(*tag));
        let said = rule
            .metadatas
            .iter()
            .filter_map(|metadata| self.said(metadata))
            .chain(tags.map(str::to_ascii_lowercase));
        let known = said.filter_map(|word| {
            Some(match word.as_str() {
                "critical" | "high" => Severity::Critical,
                "medium" | "warning" | "suspicious" => Severity::Warning,
                "low" | "note" | "info" | "informational" | "harmless" => Severity::Note,
                _ => return None,
            })
        });
        known.max().unwrap_or(Severity::Warning)
    }

    fn said(&self, metadata: &Metadata) -> Option<String> {
        let name = self.scanner.get_string_symbol(metadata.name);
        match (name.to_ascii_lowercase().as_str(), metadata.value) {
            ("severity" | "risk" | "level", MetadataValue::Bytes(text)) => {
                let text = self.scanner.get_bytes_symbol(text).to_str_lossy();
                Some(text.to_ascii_lowercase())
            }
            ("score" | "severity", MetadataValue::Integer(score)) => Some(
                match score {
                    75.. => "high",
                    40.. => "medium",
                    _ => "low",
                }
                .to_owned(),
            ),
            _ => None,
        }
    }

    fn why(&self, rule: &EvaluatedRule<'_>) -> String {
        let described = rule.metadatas.iter().find_map(|metadata| {
            let name = self.scanner.get_string_symbol(metadata.name);
            match metadata.value {
                MetadataValue::Bytes(text) if name.eq_ignore_ascii_case("description") => Some(
                    self.scanner
                        .get_bytes_symbol(text)
                        .to_str_lossy()
                        .into_owned(),
                ),
                _ => None,
            }
        });
        let described = described.unwrap_or_else(|| "it does not say what it looks for".to_owned());
        format!(
            "the rule {} of {} matches: {described}",
            rule.name, rule.namespace
        )
    }
}

/// A file on which the rules spent all their time is told: somebody may have made it so.
fn unfinished(view: &View<'_>) -> Signal {
    Signal {
        rule: "yara/unfinished",
        severity: Severity::Warning,
        specificity: Specificity::Low,
        path: view.path.to_owned(),
        line: None,
        excerpt: excerpt(view.path),
        why: format!(
            "the YARA rules were not through with the file after {} seconds: what the rest would \
             have found is not told",
            TIME.as_secs()
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scan::{Materials, Scanner};
    use crate::testing::tree;

    const RULES: &str = r#"
rule beacon : medium {
    meta:
        description = "speaks to a known host"
        severity = "high"
    strings:
        $a = "beacon.example.invalid"
    condition:
        $a
}
"#;

    fn scanner() -> Scanner {
        let yara = Yara::compile(&[("own.yar".to_owned(), RULES.to_owned())]).unwrap();
        Scanner::builtin().unwrap().and(yara)
    }

    #[test]
    fn a_match_is_a_signal_with_its_line_and_the_rules_own_words() {
        let old = tree(&[("src/a.c", "int a;\n")]);
        let new = tree(&[(
            "src/a.c",
            "int a;\nchar b[] = \"beacon.example.invalid\";\n",
        )]);
        let scan = scanner().scan(Materials::of(Some(&old), &new));
        let signal = scan
            .signals
            .iter()
            .find(|it| it.rule == "yara/beacon")
            .unwrap();
        assert_eq!(
            (signal.severity, signal.line),
            (Severity::Critical, Some(2))
        );
        assert_eq!(signal.excerpt, "beacon.example.invalid");
        assert!(
            signal.why.contains("speaks to a known host"),
            "{}",
            signal.why
        );
    }

    #[test]
    fn what_the_old_side_matched_is_not_news() {
        let old = tree(&[("src/a.c", "char b[] = \"beacon.example.invalid\";\n")]);
        let new = tree(&[(
            "src/a.c",
            "char b[] = \"beacon.example.invalid\";\nint c;\n",
        )]);
        let scan = scanner().scan(Materials::of(Some(&old), &new));
        assert!(!scan.signals.iter().any(|it| it.rule.starts_with("yara/")));
    }

    #[test]
    fn a_broken_pack_is_named_with_its_line_and_the_others_look() {
        let broken = "rule a {\n  condition:\n    $b\n}\n";
        let error = Yara::compile(&[("x.yar".to_owned(), broken.to_owned())]).unwrap_err();
        assert!(
            error.to_string().starts_with("YARA rules x.yar: line 3:"),
            "{error}"
        );
        let packs = [("x.yar", broken), ("own.yar", RULES)];
        let packs = packs.map(|(name, text)| (name.to_owned(), text.to_owned()));
        let scanner = Scanner::builtin()
            .unwrap()
            .and(Yara::compile(&packs).unwrap());
        let new = tree(&[("src/a.c", "char b[] = \"beacon.example.invalid\";\n")]);
        let scan = scanner.scan(Materials::of(None, &new));
        let rules: Vec<_> = scan.signals.iter().map(|signal| signal.rule).collect();
        assert!(
            rules.contains(&"yara/broken-pack") && rules.contains(&"yara/beacon"),
            "{rules:?}"
        );
        let include =
            Yara::compile(&[("y.yar".to_owned(), "include \"/etc/passwd\"\n".to_owned())]);
        assert!(include.is_err());
    }
}

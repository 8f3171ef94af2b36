//! A comparison as Markdown, to be put into the review of a change. Whatever comes from others stands
//! in code, so that it can neither break a table nor call anybody by name.

use std::fmt::Write as _;

use super::super::Score;
use super::super::listing::Counts;
use super::types::{
    ComparisonView, FindingChangeView, LonePackageView, MitigationView, PackageChangeView, SideView,
};

/// Lines of a field that are told.
const LINES: usize = 6;

/// A comparison as Markdown.
pub fn markdown(view: &ComparisonView) -> String {
    let mut text = format!(
        "## {} → {}\n\n{}\n",
        side(&view.from),
        side(&view.to),
        net(view)
    );
    mitigations(&mut text, "Mitigations lost", &view.lost, view.net.lost);
    let introduced = &view.net.introduced;
    findings(&mut text, "Introduced", &view.introduced, all(introduced));
    findings(&mut text, "Fixed", &view.fixed, all(&view.net.fixed));
    findings(
        &mut text,
        "Open as before, but otherwise",
        &view.changed,
        view.net.changed,
    );
    let unproven = "Mitigations that went: look whether the new version has the fix";
    mitigations(&mut text, unproven, &view.unproven, view.net.unproven);
    packages(&mut text, view);
    text
}

fn all(counts: &Counts) -> usize {
    counts.affected + counts.under_investigation
}

fn side(side: &SideView) -> String {
    match &side.proposed {
        Some(file) => format!("{} with {}", code(&side.name), code(file)),
        None => code(&side.name),
    }
}

/// What comes of it, in a sentence or two.
fn net(view: &ComparisonView) -> String {
    let net = &view.net;
    let loses = net.loses().map(|loses| format!("**loses {loses}**, "));
    format!(
        "**Net effect:** {}introduces {}, fixes {}; leaves {} of changed packages open.",
        loses.unwrap_or_default(),
        net.introduces(),
        net.fixes(),
        net.leaves()
    )
}

fn more(text: &mut String, shown: usize, all: usize) {
    if shown < all {
        let _ = writeln!(text, "\n… and {} more.", all - shown);
    }
}

fn mitigations(text: &mut String, title: &str, list: &[MitigationView], all: usize) {
    if list.is_empty() {
        return;
    }
    let _ = write!(text, "\n### {title}: {all}\n\n");
    for it in list {
        let score = it
            .score
            .as_ref()
            .map_or_else(String::new, |it| format!(" ({})", level(Some(it))));
        let _ = writeln!(
            text,
            "- {} {}{score}: {}",
            code(&it.package),
            code(&it.to_version),
            code(&it.says)
        );
    }
    more(text, list.len(), all);
}

fn findings(text: &mut String, title: &str, list: &[FindingChangeView], all: usize) {
    if list.is_empty() {
        return;
    }
    let _ = write!(
        text,
        "\n### {title}: {all}\n\n| Vulnerability | Level | Package | How |\n|---|---|---|---|\n"
    );
    for it in list {
        let exploited = if it.exploited_since.is_some() {
            ", **exploited**"
        } else {
            ""
        };
        let waits = it.to.as_ref().or(it.from.as_ref());
        let waits = waits.is_some_and(|it| it.status.label() == "under_investigation");
        let waits = if waits { " (to look at)" } else { "" };
        let _ = writeln!(
            text,
            "| {} | {}{exploited} | {} | {}{waits} |",
            it.vulnerability,
            level(it.score.as_ref()),
            cell(&it.package),
            cell(&it.says)
        );
    }
    more(text, list.len(), all);
}

fn level(score: Option<&Score>) -> String {
    score.map_or_else(
        || "unrated".to_owned(),
        |it| format!("{} {:.1}", it.level.word(), it.score),
    )
}

fn packages(text: &mut String, view: &ComparisonView) {
    let counts = &view.packages;
    let _ = write!(
        text,
        "\n### Packages\n\n{} new and {} gone names, {} names in other versions; {} packages changed, \
         {} of them at the same version; {} only moved.\n",
        counts.new_names,
        counts.gone_names,
        counts.names_with_other_versions,
        counts.changed,
        counts.changed_at_same_version,
        counts.moved
    );
    for change in &view.packages_changed {
        let _ = write!(text, "\n- {}", package(change));
        for difference in &change.differences {
            if difference.field == "version" {
                continue;
            }
            let _ = write!(text, "\n  - {}:", difference.field);
            lines(text, "−", &difference.removed);
            lines(text, "+", &difference.added);
        }
        if let Some(reach) = &change.reach {
            let _ = write!(text, "\n  - {}", reach.words());
        }
    }
    if !view.packages_changed.is_empty() {
        text.push('\n');
    }
    more(text, view.packages_changed.len(), counts.changed);
    alone(text, "New", &view.packages_added, counts.added);
    alone(text, "Gone", &view.packages_removed, counts.removed);
}

fn package(change: &PackageChangeView) -> String {
    let versions = if change.from_version == change.to_version {
        code(&change.to_version)
    } else {
        format!(
            "{} → {}",
            code(&change.from_version),
            code(&change.to_version)
        )
    };
    let place = change.repository.as_deref();
    let place = place.map_or_else(String::new, |it| format!(" in {}", code(it)));
    format!("{} {versions}{place}", code(&change.name))
}

fn lines(text: &mut String, mark: &str, lines: &[String]) {
    for line in lines.iter().take(LINES) {
        let _ = write!(text, " {mark} {}", code(line));
    }
    if lines.len() > LINES {
        let _ = write!(text, " {mark} {} more", lines.len() - LINES);
    }
}

fn alone(text: &mut String, title: &str, list: &[LonePackageView], all: usize) {
    if list.is_empty() {
        return;
    }
    let entry = |it: &LonePackageView| format!("{} {}", code(&it.name), code(&it.version));
    let entries: Vec<String> = list.iter().map(entry).collect();
    let _ = writeln!(text, "\n{title}: {}", entries.join(", "));
    more(text, list.len(), all);
}

/// A text of others as code of one line.
fn code(text: &str) -> String {
    let plain: String = text
        .chars()
        .map(|c| {
            if c.is_control() || is_reordering(c) {
                '\u{fffd}'
            } else {
                c
            }
        })
        .collect();
    let mut fence = String::from("`");
    while plain.contains(&fence) {
        fence.push('`');
    }
    // Blanks keep a backtick at either end apart from the fence, and are taken off.
    if plain.is_empty() {
        "–".to_owned()
    } else if plain.starts_with('`') || plain.ends_with('`') {
        format!("{fence} {plain} {fence}")
    } else {
        format!("{fence}{plain}{fence}")
    }
}

/// The same within a table, which a bar would part even in code.
pub(in crate::views) fn cell(text: &str) -> String {
    code(text).replace('|', "\\|")
}

fn is_reordering(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{61c}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_others_stay_code() {
        assert_eq!(code("glibc"), "`glibc`");
        assert_eq!(code("a`b"), "``a`b``");
        assert_eq!(code("`x"), "`` `x ``");
        assert_eq!(code("a\n# b\u{202e}"), "`a\u{fffd}# b\u{fffd}`");
        assert_eq!(cell("a|b"), "`a\\|b`");
        assert_eq!(code(""), "–");
    }
}

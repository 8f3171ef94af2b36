//! A month's report in sentences, and as Markdown that can be sent as it is. Whatever comes from others
//! stands in code, so that it can neither break a table nor call anybody by name.

use std::fmt::Write as _;

use super::super::Score;
use super::super::comparison::{Remedy, cell};
use super::super::types::day;
use super::numbers::{OpenNumbers, counted, thousands};
use super::report::{
    BranchReport, MitigatedView, NewView, OldView, PersonView, ReportView, StaysView,
};

/// Days from a revision before the month to its end that are worth telling.
const GAP: i64 = 62;

/// Names in a line.
const NAMED: usize = 4;

/// How a report is to be read.
const READING: &str = "How to read this: the versions of that time are judged by what is known today, \
    and a vulnerability counts from the day on which it was published. It counts once for each package \
    that it affects, not for each version of one.";

/// A report as Markdown.
pub fn report_markdown(report: &ReportView) -> String {
    let mut text = format!("# Security in {}\n", report.title);
    if !report.is_over {
        let _ = write!(
            text,
            "\nThe month is not over: this is told up to {}.\n",
            day(report.until)
        );
    }
    if report.branches.is_empty() {
        let _ = write!(text, "\nNothing is stored of any branch up to then.\n");
        return text;
    }
    for branch in &report.branches {
        let _ = write!(text, "\n## {}\n", branch.branch);
        for sentence in branch.sentences(report) {
            let _ = write!(text, "\n{sentence}\n");
        }
        totals(&mut text, branch, report);
        mitigations(&mut text, branch);
        news(&mut text, branch);
        stays(&mut text, &branch.stays);
        people(&mut text, &branch.people);
    }
    let _ = write!(text, "\n---\n\n{READING}\n");
    text
}

impl ReportView {
    /// How it is to be read.
    pub fn reading(&self) -> &'static str {
        READING
    }
}

impl BranchReport {
    /// The month in sentences, one paragraph each.
    pub fn sentences(&self, report: &ReportView) -> Vec<String> {
        let Some(after) = &self.after else {
            let none = format!("Nothing is stored of {} up to then.", self.branch);
            return vec![none];
        };
        let mut told: Vec<String> = self.stored_words(report).into_iter().collect();
        // Where no revision is stored, nobody knows of what was mitigated.
        let is_known = self.revisions > 0 || self.mitigated.all > 0;
        told.extend(is_known.then(|| self.mitigated_words()));
        told.push(self.new_words(report));
        told.extend(self.before_words());
        told.push(self.open_words(after, report));
        told.extend(self.stays_words(after));
        told
    }

    fn mitigated_words(&self) -> String {
        let mut words = if self.mitigated.all == 0 {
            "Nothing was mitigated.".to_owned()
        } else {
            let were = were(self.mitigated.all);
            let by: Vec<String> = self
                .by_remedy
                .iter()
                .map(|it| format!("{} by {}", thousands(it.all), it.remedy.words()))
                .collect();
            let by = match by.as_slice() {
                [_] => by_all(&self.by_remedy),
                _ => format!(": {}", listed(&by)),
            };
            format!(
                "{}{} {were} mitigated{by}.",
                self.mitigated.words(),
                levels(&self.mitigated)
            )
        };
        if self.otherwise > 0 {
            let _ = write!(
                words,
                " {}{} {} no longer found, but nothing shows that {}: the version that followed \
                 cannot be judged yet, or the package is now made, or identified, in another way.",
                thousands(self.otherwise),
                if self.mitigated.all == 0 { "" } else { " more" },
                if self.otherwise == 1 { "is" } else { "are" },
                if self.otherwise == 1 {
                    "it was mitigated"
                } else {
                    "they were mitigated"
                },
            );
        }
        words
    }

    fn new_words(&self, report: &ReportView) -> String {
        let news = &self.news;
        let all = news.all.all;
        if all == 0 {
            return "Nothing was new.".to_owned();
        }
        let parts = [
            (news.published, "published in the month"),
            (
                news.came,
                "came with packages or with other versions of them",
            ),
            (news.lost, "came because a mitigation was lost"),
        ];
        let parts: Vec<String> = parts
            .into_iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, what)| {
                let count = if count == all && all > 1 {
                    ("all".to_owned(), "were")
                } else {
                    (thousands(count), were(count))
                };
                match what.strip_prefix("published") {
                    Some(rest) => format!("{} {} published{rest}", count.0, count.1),
                    None => format!("{} {what}", count.0),
                }
            })
            .collect();
        let mut words = format!(
            "{}{} {} new: {}.",
            news.all.words(),
            levels(&news.all),
            were(all),
            listed(&parts)
        );
        let mended = news.mended_at_once;
        if mended > 0 {
            let before = if report.is_over {
                "before it was over"
            } else {
                "since"
            };
            let _ = write!(
                words,
                " {} of them {} mitigated {before}.",
                thousands(mended),
                were(mended)
            );
        }
        words
    }

    fn open_words(&self, after: &OpenNumbers, report: &ReportView) -> String {
        let than = self.before.as_ref().map(|before| {
            let (more, fewer) = (
                after.all.saturating_sub(before.all),
                before.all.saturating_sub(after.all),
            );
            match (more, fewer) {
                (0, 0) => ", as many as at the beginning of the month".to_owned(),
                (0, fewer) => format!(
                    ", {} fewer than at the beginning of the month",
                    thousands(fewer)
                ),
                (more, _) => format!(
                    ", {} more than at the beginning of the month",
                    thousands(more)
                ),
            }
        });
        let than = than.unwrap_or_default();
        let end = if report.is_over {
            "At the end of the month".to_owned()
        } else {
            format!("On {}", day(report.until))
        };
        if after.all == 0 {
            return format!("{end} nothing was open{than}.");
        }
        format!(
            "{end} {}{} {} open{than}.",
            after.words(),
            levels(after),
            were(after.all)
        )
    }

    fn stays_words(&self, after: &OpenNumbers) -> Option<String> {
        let StaysView { all, old, .. } = &self.stays;
        let old = match old.all {
            0 => "none has been known for more than 90 days".to_owned(),
            1 if all.all == 1 => "it has been known for more than 90 days".to_owned(),
            count if count == all.all => "all have been known for more than 90 days".to_owned(),
            count => format!("{} known for more than 90 days", have_been(count)),
        };
        let were = were(all.all);
        let which = match all.all {
            1 if after.all == 1 => "It".to_owned(),
            count if count == after.all => "All of them".to_owned(),
            count => format!("Of these {}", thousands(count)),
        };
        (all.all > 0).then(|| format!("{which} {were} open before the month; {old}."))
    }

    /// What is stored of the month, where that bears on what can be told.
    fn stored_words(&self, report: &ReportView) -> Option<String> {
        let first = self.stored_since.as_ref()?;
        if self.before.is_none() {
            let found = (self.found.all > 0).then(|| {
                format!(
                    " It brought {} along, which are not counted as new: since when they are there, \
                     nobody knows.",
                    self.found.words()
                )
            });
            return Some(format!(
                "The first revision that is stored is of {}: nothing is known of what was before.{}",
                day(first.time),
                found.unwrap_or_default()
            ));
        }
        let before = self.stored_before?;
        if self.revisions == 0 {
            return Some(format!(
                "No revision of {} is stored: the versions are those of {}, and whatever was mitigated \
                 since then is not known here.",
                report.title,
                day(before)
            ));
        }
        let gap = report.until.duration_since(before).as_hours() / 24;
        (gap > GAP).then(|| {
            format!(
                "The last revision that is stored from before the month is of {}: whatever was done since \
                 then counts as done in this month.",
                day(before)
            )
        })
    }

    fn before_words(&self) -> Option<String> {
        let before = self.month_before.as_ref()?;
        let (mitigated, new) = (before.mitigated, before.new);
        if before.revisions == 0 {
            return (new > 0).then(|| {
                let were = were(new);
                let new = thousands(new);
                format!("No revision of the month before is stored; {new} {were} new in it.")
            });
        }
        Some(format!(
            "In the month before, {} {} mitigated and {} {} new.",
            some(mitigated),
            were(mitigated),
            some(new),
            were(new)
        ))
    }

    /// The beginning, the end and the difference by level: name, before, after, difference. Nothing
    /// where nothing changed.
    pub fn totals(&self) -> Vec<(&'static str, usize, usize, String)> {
        let (Some(before), Some(after)) = (&self.before, &self.after) else {
            return Vec::new();
        };
        if before == after {
            return Vec::new();
        }
        let mut rows = vec![("all", before.all, after.all)];
        let levels = before.levels.named().into_iter().zip(after.levels.named());
        rows.extend(levels.map(|((level, before), (_, after))| (level, before, after)));
        rows.push(("known to be exploited", before.exploited, after.exploited));
        rows.push(("packages", before.packages, after.packages));
        rows.into_iter()
            .map(|(name, before, after)| (name, before, after, difference(before, after)))
            .collect()
    }
}

/// How much more or less there is.
fn difference(before: usize, after: usize) -> String {
    match before.cmp(&after) {
        std::cmp::Ordering::Less => format!("+{}", thousands(after - before)),
        std::cmp::Ordering::Equal => "0".to_owned(),
        std::cmp::Ordering::Greater => format!("−{}", thousands(before - after)),
    }
}

fn by_all(by: &[super::report::RemedyCount]) -> String {
    let remedy = by.first().map(|it| it.remedy.words());
    remedy.map_or_else(String::new, |words| format!(", by {words}"))
}

fn were(count: usize) -> &'static str {
    if count == 1 { "was" } else { "were" }
}

fn have_been(count: usize) -> String {
    let have = if count == 1 { "has been" } else { "have been" };
    format!("{} {have}", thousands(count))
}

fn some(count: usize) -> String {
    match count {
        0 => "none".to_owned(),
        _ => thousands(count),
    }
}

fn levels(numbers: &OpenNumbers) -> String {
    let words = numbers.level_words();
    if words.is_empty() {
        words
    } else {
        format!(" ({words})")
    }
}

/// Words without their article, as they stand in a table.
fn bare(words: &'static str) -> &'static str {
    let articles = ["a ", "an ", "the "];
    let found = articles.iter().find_map(|it| words.strip_prefix(it));
    found.unwrap_or(words)
}

/// `a, b and c`.
fn listed(parts: &[String]) -> String {
    match parts {
        [] => String::new(),
        [one] => one.clone(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}

fn totals(text: &mut String, branch: &BranchReport, report: &ReportView) {
    let rows = branch.totals();
    if rows.is_empty() {
        return;
    }
    let end = if report.is_over { "at the end" } else { "now" };
    let _ = write!(
        text,
        "\n| Open | at the beginning | {end} | difference |\n|---|--:|--:|--:|\n"
    );
    for (name, before, after, difference) in rows {
        let (before, after) = (thousands(before), thousands(after));
        let _ = writeln!(text, "| {name} | {before} | {after} | {difference} |");
    }
}

fn mitigations(text: &mut String, branch: &BranchReport) {
    if branch.mitigations.is_empty() {
        return;
    }
    text.push_str("\n### Mitigated\n\n| Package | How | Vulnerabilities | Gravest | Known for | Maintainer |\n|---|---|---|---|---|---|\n");
    for it in &branch.mitigations {
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {} | {} |",
            cell(&it.package),
            cell(&it.how()),
            named(&it.vulnerabilities, it.numbers.all),
            grave(it.score.as_ref(), it.numbers.exploited > 0),
            it.known_for(),
            it.maintainer.as_deref().map(cell).unwrap_or_default()
        );
    }
    let shown: usize = branch.mitigations.iter().map(|it| it.numbers.all).sum();
    more(text, shown, branch.mitigated.all, " vulnerabilities");
}

impl MitigatedView {
    /// How long it was known, in words; empty where nobody knows.
    pub fn known_for(&self) -> String {
        match self.median_days {
            None => String::new(),
            Some(days) if days < 1.0 => "less than a day".to_owned(),
            Some(days) if days < 1.5 => "a day".to_owned(),
            Some(days) => format!("{days:.0} days"),
        }
    }

    /// How it was mitigated, with the versions.
    pub fn how(&self) -> String {
        let from = &self.from_version;
        let same = self.to_version.as_ref() == Some(from);
        match (self.remedy, &self.to_version) {
            (Remedy::Removal, _) => format!("removal of {from}"),
            (remedy, Some(to)) if !same => format!("{}: {from} → {to}", bare(remedy.words())),
            (remedy, _) => format!("{}: at {from}", bare(remedy.words())),
        }
    }
}

fn named(names: &[String], all: usize) -> String {
    let shown: Vec<String> = names.iter().take(NAMED).map(|name| cell(name)).collect();
    let left = all.saturating_sub(shown.len());
    let shown = shown.join(", ");
    match left {
        0 => shown,
        left => format!("{shown} and {} more", thousands(left)),
    }
}

fn grave(score: Option<&Score>, is_exploited: bool) -> String {
    let level = score.map_or_else(
        || "unrated".to_owned(),
        |it| format!("{} {:.1}", it.level.word(), it.score),
    );
    if is_exploited {
        format!("{level}, **exploited**")
    } else {
        level
    }
}

/// How many the rows leave out; `what` says of what where the rows are of something else.
fn more(text: &mut String, shown: usize, all: usize, what: &str) {
    if shown < all {
        let _ = writeln!(text, "\n… and {} more{what}.", thousands(all - shown));
    }
}

fn news(text: &mut String, branch: &BranchReport) {
    if branch.new.is_empty() {
        return;
    }
    text.push_str("\n### New and open\n\n| Vulnerability | Level | Package | Since | Fixed in |\n|---|---|---|---|---|\n");
    for it in &branch.new {
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {} |",
            cell(&it.vulnerability),
            grave(it.score.as_ref(), it.exploited_since.is_some()),
            cell(&format!("{} {}", it.package, it.version)),
            it.since_words(),
            it.fixed_in.as_deref().map(cell).unwrap_or_default()
        );
    }
    more(text, branch.new.len(), branch.news.open, "");
}

impl NewView {
    /// Since when, and how it came where it was not just published.
    pub fn since_words(&self) -> String {
        match self.cause {
            Some(cause) => format!("{}, {}", day(self.since), bare(cause.words())),
            None => format!("{}, published", day(self.since)),
        }
    }
}

fn stays(text: &mut String, stays: &StaysView) {
    if stays.packages.is_empty() {
        return;
    }
    text.push_str("\n### Open for more than 90 days\n\n| Package | Vulnerabilities | Gravest | Fixed in | Known for | Maintainer |\n|---|---|---|---|---|---|\n");
    for it in &stays.packages {
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {} | {} |",
            cell(&format!("{} {}", it.package, it.version)),
            old(it),
            // What is exploited is the gravest.
            format_args!(
                "{} {}",
                cell(&it.gravest),
                grave(it.score.as_ref(), it.numbers.exploited > 0)
            ),
            it.fixed_in.as_deref().map(cell).unwrap_or_default(),
            it.known_for(),
            it.maintainer.as_deref().map(cell).unwrap_or_default()
        );
    }
    let shown: usize = stays.packages.iter().map(|it| it.numbers.all).sum();
    more(text, shown, stays.old.all, " vulnerabilities");
}

impl OldView {
    /// For how long the oldest has been known, in words.
    pub fn known_for(&self) -> String {
        let days = counted(usize::try_from(self.days).unwrap_or(0), "day", "days");
        if self.is_longer {
            format!("{days} or more")
        } else {
            days
        }
    }
}

fn old(it: &OldView) -> String {
    let words = it.numbers.level_words();
    format!("{}: {words}", thousands(it.numbers.all))
}

fn people(text: &mut String, people: &[PersonView]) {
    if people.is_empty() {
        return;
    }
    text.push_str(
        "\n### Who looks after these packages\n\nMaintainers as the packages name them; who made a change, \
         inventories do not tell.\n\n| Maintainer | Mitigated | Packages |\n|---|--:|---|\n",
    );
    for it in people {
        let name = it.name.as_deref().map_or_else(|| "nobody".to_owned(), cell);
        let packages = named(&it.packages, it.packages.len());
        let _ = writeln!(
            text,
            "| {name} | {} | {packages} |",
            thousands(it.mitigated)
        );
    }
}

//! One page that needs no script and nothing from elsewhere, and stays quick with ten thousand
//! changed files: what is not looked at is closed, and browsers lay it out only when it is seen.

use std::fmt::Write as _;

use super::words::some;
use super::{advice, binary_words, marked, summary, what};
use crate::report::{FileReport, Finding, LineKind, Report, ShownHunk};
use crate::signal::Severity;

/// Files whose lines are open at once; the rest opens when asked.
const OPEN: usize = 20;

/// Lines and characters of an excerpt that are shown.
const EXCERPT_LINES: usize = 4;
const EXCERPT: usize = 400;

const STYLE: &str = "\
:root{color-scheme:light dark;--line:#8884;--add:#2da44e26;--del:#cf222e26;--addw:#2da44e70;\
--delw:#cf222e59;--crit:#cf222e;--warn:#9a6700;--soft:#59636e}\
@media(prefers-color-scheme:dark){:root{--crit:#ff7b72;--warn:#d29922;--soft:#9aa4af;\
--addw:#2da44e59;--delw:#cf222e66}}\
body{font:16px/1.5 system-ui,sans-serif;margin:0 auto;max-width:75rem;padding:1rem}\
h1{font-size:1.3rem;overflow-wrap:anywhere}h2{font-size:1.1rem;margin-top:2rem}\
table{border-collapse:collapse;width:100%}td,th{padding:.25rem .5rem;text-align:left;\
border-top:1px solid var(--line);vertical-align:top;overflow-wrap:anywhere}\
td.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}\
details{border-top:1px solid var(--line);content-visibility:auto;contain-intrinsic-size:auto 2.2rem}\
summary{cursor:pointer;padding:.3rem 0;overflow-wrap:anywhere}\
code,pre{font:13px/1.45 ui-monospace,monospace;overflow-wrap:anywhere}\
pre{margin:.3rem 0;white-space:pre-wrap;tab-size:8}pre span{display:block}\
ul{list-style:none;margin:0;padding:0}li{border-top:1px solid var(--line);padding:.5rem 0}\
li p{margin:.1rem 0}li pre{border-left:3px solid var(--line);padding-left:.6rem}.a{background:var(--add)}.d{background:var(--del)}\
.a b{background:var(--addw);font-weight:inherit}.d b{background:var(--delw);font-weight:inherit}\
.h,.q{color:var(--soft)}.critical{color:var(--crit);font-weight:700}.warning{color:var(--warn);font-weight:700}";

/// The page.
pub fn html(report: &Report) -> String {
    let mut page = String::with_capacity(64 << 10);
    let title = format!("{} → {}", report.old.name, report.new.name);
    // Writing into a string cannot fail.
    let _ = write!(
        page,
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; \
         style-src 'unsafe-inline'\"><title>{0}</title><style>{STYLE}</style></head><body>\
         <main><h1>{0}</h1><p>{1}</p>\n",
        escaped(&title),
        escaped(&summary(report))
    );
    signals(report, &mut page);
    if let Some(advice) = advice(report) {
        let _ = writeln!(page, "<p id=\"advice\"><b>{}.</b></p>", escaped(&advice));
    }
    lists(report, &mut page);
    let (open, closed): (Vec<_>, Vec<_>) = report
        .files
        .iter()
        .partition(|file| file.explanation.is_none());
    if !open.is_empty() {
        let _ = writeln!(
            page,
            "<h2 id=\"left\">Left to read: {} files</h2>",
            open.len()
        );
    }
    for (index, file) in open.iter().enumerate() {
        unexplained(file, index < OPEN, &mut page);
    }
    if !closed.is_empty() {
        page.push_str("<h2 id=\"folded\">Folded</h2>\n");
    }
    for group in &report.folded {
        let title = group.reason.title();
        let _ = write!(
            page,
            "<details><summary>{title}: {} files, {} lines</summary><table>",
            group.files, group.lines
        );
        let files = closed
            .iter()
            .filter_map(|file| Some((file, file.explanation.as_ref()?)));
        for (file, why) in files.filter(|(_, why)| why.kind == group.reason) {
            row(&mut page, &[&file.path, &what(file), &why.says]);
            for it in &file.locked {
                let change = format!("{} {}", it.name, format!("{:?}", it.what).to_lowercase());
                row(
                    &mut page,
                    &["", &change, &format!("{} → {}", it.old, it.new)],
                );
            }
        }
        page.push_str("</table></details>\n");
    }
    page.push_str("</main></body></html>\n");
    page
}

fn row(page: &mut String, cells: &[&str]) {
    page.push_str("<tr>");
    for cell in cells {
        let _ = write!(page, "<td>{}</td>", escaped(cell));
    }
    page.push_str("</tr>");
}

fn signals(report: &Report, page: &mut String) {
    if report.signals.is_empty() {
        page.push_str("<p>Nothing was noticed by the rules.</p>\n");
        return;
    }
    let (notes, loud): (Vec<&Finding>, Vec<&Finding>) = report
        .signals
        .iter()
        .partition(|it| it.severity == Severity::Note);
    if !loud.is_empty() {
        page.push_str("<h2 id=\"noticed\">Noticed</h2>");
        items(&loud, page);
    }
    if !notes.is_empty() {
        let open = if loud.is_empty() { " open" } else { "" };
        let count = notes.len();
        let _ = write!(
            page,
            "<h2 id=\"notes\">Good to know</h2><details{open}><summary>{count} notes</summary>"
        );
        items(&notes, page);
        page.push_str("</details>\n");
    }
}

fn items(findings: &[&Finding], page: &mut String) {
    page.push_str("<ul>");
    for finding in findings {
        signal(finding, page);
    }
    page.push_str("</ul>\n");
}

fn signal(finding: &Finding, page: &mut String) {
    let severity = match finding.severity {
        Severity::Critical => "critical",
        Severity::Warning => "warning",
        Severity::Note => "note",
    };
    let line = finding
        .line
        .map_or_else(String::new, |line| format!(":{line}"));
    let _ = write!(
        page,
        "<li><p><span class=\"{severity}\">{severity}</span> <b>{}</b> <code>{}{line}</code></p>\
         <p>{}</p>",
        escaped(&finding.rule),
        escaped(&finding.path),
        escaped(&finding.why),
    );
    let (first, is_cut) = beginning(&finding.excerpt);
    if !first.is_empty() {
        let more = if is_cut { " …" } else { "" };
        let _ = write!(page, "<pre>{}{more}</pre>", escaped(&first));
    }
    if let Some(it) = &finding.suppression {
        let says = format!("accepted by {} until {}: {}", it.owner, it.until, it.reason);
        let _ = write!(page, "<p class=\"q\">{}</p>", escaped(&says));
    }
    page.push_str("</li>");
}

/// The first lines of an excerpt, in which line ends stand written out, and whether there is more.
fn beginning(excerpt: &str) -> (String, bool) {
    let lines: Vec<&str> = excerpt.split("<U+000A>").map(str::trim_end).collect();
    let shown = lines.len().min(EXCERPT_LINES);
    let text = lines[..shown].join("\n");
    let cut: String = text.chars().take(EXCERPT).collect();
    let is_cut = shown < lines.len() || cut.len() < text.len();
    (cut, is_cut)
}

fn lists(report: &Report, page: &mut String) {
    if !report.dependencies.is_empty() {
        page.push_str("<h2>Dependencies</h2><table>");
        for it in &report.dependencies {
            let side = |side: &Option<String>| side.clone().unwrap_or_else(|| "none".to_owned());
            row(
                page,
                &[
                    &it.name,
                    &format!("{} → {}", side(&it.old), side(&it.new)),
                    &it.path,
                ],
            );
        }
        page.push_str("</table>\n");
    }
    if !report.licences.is_empty() {
        page.push_str("<h2>Licences</h2><table>");
        for (says, paths) in report.licences_by_change() {
            row(page, &[&some(&paths), says]);
        }
        page.push_str("</table>\n");
    }
}

fn unexplained(file: &FileReport, open: bool, page: &mut String) {
    let _ = write!(
        page,
        "<details{}><summary><code>{}</code> +{} -{} <span class=\"q\">{}</span></summary>",
        if open { " open" } else { "" },
        escaped(&file.path),
        file.added_lines,
        file.removed_lines,
        escaped(&what(file))
    );
    if let Some(words) = binary_words(file) {
        let _ = write!(page, "<p>{}</p>", escaped(&words));
    }
    if let Some(binary) = file.binary.as_ref().filter(|it| !it.new_strings.is_empty()) {
        let words = binary.new_strings.join("\n");
        let _ = write!(
            page,
            "<p>New words in it:</p><pre>{}</pre>",
            escaped(&words)
        );
    }
    for hunk in &file.hunks {
        lines(hunk, page);
    }
    if file.hidden_lines > 0 {
        let _ = write!(
            page,
            "<p class=\"q\">… {} more lines, not shown.</p>",
            file.hidden_lines
        );
    }
    page.push_str("</details>\n");
}

fn lines(hunk: &ShownHunk, page: &mut String) {
    let _ = write!(
        page,
        "<pre><span class=\"h\">@@ -{} +{} @@</span>",
        hunk.old_start, hunk.new_start
    );
    for line in marked(&hunk.lines) {
        let (class, sign) = match line.kind {
            LineKind::Same => ("", ' '),
            LineKind::Removed => (" class=\"d\"", '-'),
            LineKind::Added => (" class=\"a\"", '+'),
        };
        let _ = write!(page, "<span{class}>{sign}");
        for piece in line.pieces {
            let text = escaped(piece.text);
            if piece.changed {
                let _ = write!(page, "<b>{text}</b>");
            } else {
                page.push_str(&text);
            }
        }
        page.push_str("</span>");
    }
    page.push_str("</pre>");
}

/// Text that marks up nothing, between tags and in attributes.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            _ => out.push(c),
        }
    }
    out
}

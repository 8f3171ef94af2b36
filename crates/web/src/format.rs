//! In which form an answer is wanted: by a suffix of the path, or by `Accept`.

use axum::http::header::ACCEPT;
use axum::http::{HeaderMap, Uri};

/// In which form an answer is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Format {
    /// For people.
    Html,
    /// For programs.
    Json,
    /// For feed readers.
    Atom,
    /// For spreadsheets.
    Csv,
    /// For the review of a change.
    Markdown,
    /// For programs that take all there is: JSON Lines.
    Lines,
}

impl Format {
    /// What a path ends in that asks for this form; nothing for pages.
    pub(crate) fn suffix(self) -> &'static str {
        let known = SUFFIXES.iter().find(|(_, format)| *format == self);
        known.map_or("", |(suffix, _)| suffix)
    }
}

/// Linked data, which is JSON.
pub(crate) const LINKED: &str = "application/ld+json";

/// JSON Lines.
pub(crate) const LINES: &str = "application/jsonl";

const SUFFIXES: [(&str, Format); 5] = [
    (".jsonl", Format::Lines),
    (".json", Format::Json),
    (".atom", Format::Atom),
    (".csv", Format::Csv),
    (".md", Format::Markdown),
];

/// Whether the end of a name, without its dot, would be taken for a form.
pub(crate) fn is_suffix(ending: &str) -> bool {
    let mut known = SUFFIXES.iter();
    known.any(|(suffix, _)| suffix.strip_prefix('.') == Some(ending))
}

/// Takes a suffix off an address before it is routed, and remembers which form it means.
pub(crate) fn strip_suffix<B>(mut request: axum::http::Request<B>) -> axum::http::Request<B> {
    let path = request.uri().path();
    let found = SUFFIXES
        .iter()
        .find_map(|(suffix, format)| Some((path.strip_suffix(suffix)?, *format)));
    let Some((path, format)) = found else {
        return request;
    };
    let path = if path.is_empty() || path == "/index" {
        "/"
    } else {
        path
    };
    let query = query_of(request.uri());
    if let Ok(uri) = format!("{path}{query}").parse::<Uri>() {
        *request.uri_mut() = uri;
        request.extensions_mut().insert(format);
    }
    request
}

fn query_of(uri: &Uri) -> String {
    uri.query()
        .map(|query| format!("?{query}"))
        .unwrap_or_default()
}

/// The address of a page in another form.
pub(crate) fn address_in(format: Format, uri: &Uri) -> String {
    let path = match uri.path() {
        "/" => "/index",
        path => path,
    };
    format!("{path}{}{}", format.suffix(), query_of(uri))
}

pub(crate) fn format_of(suffix: Option<&Format>, headers: &HeaderMap) -> Format {
    suffix.copied().unwrap_or_else(|| {
        let accept = headers
            .get(ACCEPT)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        accepted(accept)
    })
}

/// The best liked of the forms; people's browsers and those who do not care get HTML.
fn accepted(accept: &str) -> Format {
    let weight = |wanted: &[&str]| {
        let mut best = 0.0_f32;
        for part in accept.split(',') {
            let mut pieces = part.split(';').map(str::trim);
            let kind = pieces.next().unwrap_or_default();
            let quality = pieces.find_map(|piece| piece.strip_prefix("q="));
            let quality = quality.and_then(|q| q.parse().ok()).unwrap_or(1.0);
            if wanted.contains(&kind) && quality > best {
                best = quality;
            }
        }
        best
    };
    let mut best = (
        Format::Html,
        weight(&["text/html", "application/xhtml+xml"]),
    );
    for (kind, format) in [
        ("application/json", Format::Json),
        (LINKED, Format::Json),
        ("application/atom+xml", Format::Atom),
        ("text/csv", Format::Csv),
        ("text/markdown", Format::Markdown),
        (LINES, Format::Lines),
    ] {
        let weight = weight(&[kind]);
        if weight > best.1 {
            best = (format, weight);
        }
    }
    best.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_get_pages_and_programs_what_they_ask_for() {
        let browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
        assert_eq!(accepted(browser), Format::Html);
        assert_eq!(accepted("application/json"), Format::Json);
        assert_eq!(
            accepted("text/html;q=0.5, application/json;q=0.9"),
            Format::Json
        );
        assert_eq!(accepted("application/atom+xml, */*;q=0.1"), Format::Atom);
        assert_eq!(accepted("text/csv"), Format::Csv);
        assert_eq!(accepted("text/markdown"), Format::Markdown);
        assert_eq!(accepted("application/jsonl"), Format::Lines);
        assert_eq!(accepted(LINKED), Format::Json);
        assert_eq!(accepted("*/*"), Format::Html);
        assert_eq!(accepted(""), Format::Html);
    }

    #[test]
    fn each_form_has_its_suffix() {
        let request = |address: &str| {
            let request = axum::http::Request::builder().uri(address);
            let request = strip_suffix(request.body(()).unwrap());
            let format = request.extensions().get::<Format>().copied();
            (request.uri().to_string(), format)
        };
        assert_eq!(request("/index.json"), ("/".into(), Some(Format::Json)));
        assert_eq!(
            request("/branch/a/b.atom?level=high"),
            ("/branch/a/b?level=high".into(), Some(Format::Atom))
        );
        assert_eq!(request("/x.csv"), ("/x".into(), Some(Format::Csv)));
        assert_eq!(request("/x.md"), ("/x".into(), Some(Format::Markdown)));
        assert_eq!(request("/x.png"), ("/x.png".into(), None));
        let uri: Uri = "/branch/a/b?q=1".parse().unwrap();
        assert_eq!(address_in(Format::Csv, &uri), "/branch/a/b.csv?q=1");
        assert_eq!(
            address_in(Format::Json, &"/".parse().unwrap()),
            "/index.json"
        );
    }
}

//! Lists as tables for spreadsheets: comma-separated values (RFC 4180) with a head.

use crate::error::WebError;
use crate::respond::without_reordering;

/// A table.
pub(crate) struct Table {
    head: &'static [&'static str],
    rows: Vec<Vec<String>>,
}

impl Table {
    pub(crate) fn new(head: &'static [&'static str], rows: Vec<Vec<String>>) -> Self {
        Self { head, rows }
    }

    pub(crate) fn text(&self) -> Result<String, WebError> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        let written = writer.write_record(self.head).and_then(|()| {
            let mut rows = self.rows.iter();
            rows.try_for_each(|row| writer.write_record(row.iter().map(|cell| harmless(cell))))
        });
        let bytes = written
            .ok()
            .and_then(|()| writer.into_inner().ok())
            .ok_or(WebError::Internal)?;
        let text = String::from_utf8(bytes).map_err(|_| WebError::Internal)?;
        Ok(without_reordering(text))
    }
}

/// A cell that a spreadsheet takes for text: what begins like a formula gets an apostrophe in
/// front, since feeds are not to be trusted.
fn harmless(cell: &str) -> String {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        format!("'{cell}")
    } else {
        cell.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_quoted_and_formulas_are_text() {
        let rows = vec![vec!["a,b".to_owned(), "=HYPERLINK(\"x\")".to_owned()]];
        let text = Table::new(&["one", "two"], rows).text().unwrap();
        assert_eq!(text, "one,two\n\"a,b\",\"'=HYPERLINK(\"\"x\"\")\"\n");
    }
}

//! Lists as feeds for readers: Atom (RFC 4287).

use palisade_model::Timestamp;
use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};

use crate::error::WebError;
use crate::respond::without_reordering;

/// A feed.
pub(crate) struct Feed {
    pub(crate) title: String,
    /// The address of the feed itself, from the root of the site.
    pub(crate) address: String,
    /// The page of which it is the feed.
    pub(crate) page: String,
    /// The latest first.
    pub(crate) entries: Vec<Entry>,
}

/// An entry of a feed.
pub(crate) struct Entry {
    /// What tells it from all others of this site for all time.
    pub(crate) key: String,
    pub(crate) title: String,
    pub(crate) time: Timestamp,
    /// Where to read on.
    pub(crate) page: Option<String>,
    pub(crate) summary: String,
}

type Xml = Writer<Vec<u8>>;

impl Feed {
    /// The feed's text; `site` is what its addresses begin with.
    pub(crate) fn text(&self, site: &str) -> Result<String, WebError> {
        let mut xml = Writer::new_with_indent(Vec::new(), b' ', 1);
        self.write(&mut xml, site).map_err(|error| {
            tracing::error!(%error, "a feed could not be written");
            WebError::Internal
        })?;
        let mut bytes = xml.into_inner();
        bytes.push(b'\n');
        let text = String::from_utf8(bytes).map_err(|_| WebError::Internal)?;
        Ok(without_reordering(text))
    }

    fn write(&self, xml: &mut Xml, site: &str) -> std::io::Result<()> {
        xml.write_event(Event::Decl(BytesDecl::new("1.0", Some("utf-8"), None)))?;
        let feed = xml.create_element("feed");
        let feed = feed.with_attribute(("xmlns", "http://www.w3.org/2005/Atom"));
        feed.write_inner_content(|xml| {
            text(xml, "title", &self.title)?;
            text(xml, "id", &identifier(&self.address))?;
            link(
                xml,
                "self",
                "application/atom+xml",
                &at(site, &self.address),
            )?;
            link(xml, "alternate", "text/html", &at(site, &self.page))?;
            // A feed without entries has no time of its own: it never changed.
            let updated = self.entries.iter().map(|entry| entry.time).max();
            let updated = updated.unwrap_or(Timestamp::UNIX_EPOCH);
            text(xml, "updated", &updated.to_string())?;
            xml.create_element("author")
                .write_inner_content(|xml| text(xml, "name", "Palisade"))?;
            self.entries
                .iter()
                .try_for_each(|entry| entry.write(xml, site))
        })?;
        Ok(())
    }
}

impl Entry {
    fn write(&self, xml: &mut Xml, site: &str) -> std::io::Result<()> {
        xml.create_element("entry").write_inner_content(|xml| {
            text(xml, "title", &self.title)?;
            text(xml, "id", &identifier(&self.key))?;
            text(xml, "updated", &self.time.to_string())?;
            if let Some(page) = &self.page {
                link(xml, "alternate", "text/html", &at(site, page))?;
            }
            text(xml, "summary", &self.summary)
        })?;
        Ok(())
    }
}

/// A UUID of the eighth version (RFC 9562), made of a digest: the same key has the same for ever.
fn identifier(key: &str) -> String {
    let digest = blake3::hash(key.as_bytes());
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest.as_bytes()[..16]);
    bytes[6] = bytes[6] & 0x0f | 0x80;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex = format!("{:032x}", u128::from_be_bytes(bytes));
    let parts = [
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..],
    ];
    format!("urn:uuid:{}", parts.join("-"))
}

/// A path of this site as others find it.
fn at(site: &str, path: &str) -> String {
    format!("{site}{path}")
}

fn text(xml: &mut Xml, name: &str, content: &str) -> std::io::Result<()> {
    let content: String = content.chars().filter(|c| is_xml(*c)).collect();
    xml.create_element(name)
        .write_text_content(BytesText::new(&content))?;
    Ok(())
}

fn link(xml: &mut Xml, relation: &str, kind: &str, address: &str) -> std::io::Result<()> {
    xml.create_element("link")
        .with_attribute(("rel", relation))
        .with_attribute(("type", kind))
        .with_attribute(("href", address))
        .write_empty()?;
    Ok(())
}

/// Whether XML 1.0 (section 2.2) may hold a character.
fn is_xml(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_text_stays_text() {
        let feed = Feed {
            title: "a <b> & \u{1}c".to_owned(),
            address: "/events.atom?q=\"x\"&y".to_owned(),
            page: "/events".to_owned(),
            entries: vec![Entry {
                key: "event/1".to_owned(),
                title: "]]><script>".to_owned(),
                time: Timestamp::UNIX_EPOCH,
                page: None,
                summary: String::new(),
            }],
        };
        let text = feed.text("").unwrap();
        assert!(
            text.contains("<title>a &lt;b&gt; &amp; c</title>"),
            "{text}"
        );
        assert!(text.contains("]]&gt;&lt;script&gt;"), "{text}");
        assert!(
            text.contains("href=\"/events.atom?q=&quot;x&quot;&amp;y\""),
            "{text}"
        );
        assert!(
            text.contains("<updated>1970-01-01T00:00:00Z</updated>"),
            "{text}"
        );
        let known = feed.text("https://palisade.example").unwrap();
        assert!(
            known.contains("href=\"https://palisade.example/events\""),
            "{known}"
        );
    }

    #[test]
    fn an_identifier_is_a_uuid_and_stays() {
        let identifier = identifier("event/1");
        assert_eq!(identifier.len(), "urn:uuid:".len() + 36);
        assert_eq!(&identifier[23..24], "8");
        assert_eq!(identifier, super::identifier("event/1"));
    }
}

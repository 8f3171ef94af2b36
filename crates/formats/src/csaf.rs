//! CSAF 2.0, the Common Security Advisory Framework: security advisories and VEX documents; of 2.1
//! what is spelt otherwise there (`cwes`, `metrics`, `purls`).
//!
//! A document has many vulnerabilities, and each gives products a status (section 3.2.3). A record
//! is what one document says of one vulnerability; it holds the parts of the product tree that it
//! needs (section 3.2.2), looked up before. Products are named by package URL, else by CPE, else by
//! the vendor and product of their place in the tree; relationships put a component onto a platform.
//! What statuses mean is told in `vex`; `first_affected` and `last_affected` are affected
//! versions, `first_fixed` is a fixed one, and `recommended` says nothing.
//!
//! Justifications (`flags`), impacts (`threats`) and why there is no fix (`remediations`) become
//! notes. Documents of one publisher are one scope. A later version of a document takes the place of
//! an earlier one; a vulnerability that it drops stays, as no document says what else there is.

mod document;
mod tree;
mod vulnerability;

use std::io::Read;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::feed::{FeedHead, FeedSink, Record};
use crate::handing::Handing;
use crate::json_records::timestamp;
use crate::secdb::shown;
use crate::vex::{Known, each_document};
use crate::{BadRecord, Place, ReadError};
use document::{Document, Head};
use tree::Tree;
use vulnerability::Named;

/// Palisade's own text of a record.
#[derive(Debug, Serialize, Deserialize)]
struct Raw<'a> {
    head: Head,
    /// The products of which the vulnerability speaks, in the order of their identifiers.
    products: Vec<Component>,
    #[serde(borrow)]
    vulnerability: &'a RawValue,
}

/// A product by its identifier in the document.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Component {
    id: String,
    /// The groups to which it belongs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    groups: Vec<String>,
    #[serde(flatten)]
    known: Known,
    /// Of what it is a component.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    platform: Option<Known>,
}

/// Cuts a document, or several behind each other, into raw records.
pub fn read(
    document: &str,
    reader: &mut dyn Read,
    sink: &mut dyn FeedSink,
) -> Result<(), ReadError> {
    each_document(document, reader, sink, |text, handing| {
        let (head, parsed) = Document::parse(text)?;
        Ok(hand_over(head, &parsed, handing))
    })
}

/// Hands over the vulnerabilities of a document.
fn hand_over(
    head: Head,
    document: &Document<'_>,
    handing: &mut Handing<'_>,
) -> Result<(), ReadError> {
    handing.begin(&FeedHead {
        scope: Some(head.publisher_scope()),
        complete: false,
        as_of: timestamp(&head.modified),
    });
    let tree = Tree::of(&document.product_tree);
    let mut raw_head = head;
    for (index, vulnerability) in (0..).zip(&document.vulnerabilities.0) {
        let place = Place::Index(index);
        let named = match serde_json::from_str::<Named<'_>>(vulnerability.get()) {
            Ok(named) => named,
            Err(error) => {
                handing.pass_over(place, BadRecord::from(error).of(shown(&raw_head.id)));
                continue;
            }
        };
        let mut products = Vec::new();
        let mut unknown = 0_usize;
        for id in named.products() {
            match tree.component(id) {
                Some(component) => products.push(component),
                None => unknown += 1,
            }
        }
        if unknown > 0 {
            let reason = format!("{unknown} of its products are not in the product tree");
            handing.mend(place, BadRecord::new(reason).of(shown(&raw_head.id)));
        }
        raw_head.index = index;
        let raw = Raw {
            head: raw_head,
            products,
            vulnerability,
        };
        handing.json(place, &raw)?;
        raw_head = raw.head;
    }
    Ok(())
}

/// Parses one raw record.
pub fn parse(raw: &[u8]) -> Result<Record, BadRecord> {
    let raw: Raw<'_> = serde_json::from_slice(raw)?;
    vulnerability::parse(&raw)
}

//! A statement as it is written, in the words of 0.2 or of 0.0.x.

use serde::Deserialize;

use crate::json_records::{Text, list};
use crate::secdb::shown;
use crate::vex::{Known, Platform, Status};
use crate::words::said;

/// Bytes of a product's identifier.
const PRODUCT_BYTES: usize = 1024;

#[derive(Debug, Deserialize)]
pub(super) struct Statement<'a> {
    #[serde(borrow)]
    pub(super) vulnerability: Vulnerability<'a>,
    #[serde(borrow, default)]
    pub(super) timestamp: Text<'a>,
    #[serde(borrow, default)]
    pub(super) last_updated: Text<'a>,
    #[serde(borrow, default, deserialize_with = "list")]
    products: Vec<Product<'a>>,
    /// Of 0.0.x, for all products of the statement.
    #[serde(borrow, default, deserialize_with = "list")]
    subcomponents: Vec<Product<'a>>,
    #[serde(borrow)]
    pub(super) status: Text<'a>,
    #[serde(borrow, default)]
    pub(super) justification: Text<'a>,
    #[serde(borrow, default, rename = "impact_statement")]
    pub(super) impact: Text<'a>,
    #[serde(borrow, default, rename = "action_statement")]
    pub(super) action: Text<'a>,
    #[serde(borrow, default)]
    pub(super) status_notes: Text<'a>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Vulnerability<'a> {
    #[serde(borrow)]
    Name(Text<'a>),
    Described {
        #[serde(borrow, default, rename = "@id")]
        id: Text<'a>,
        #[serde(borrow, default)]
        name: Text<'a>,
        #[serde(borrow, default)]
        description: Text<'a>,
        #[serde(borrow, default, deserialize_with = "list")]
        aliases: Vec<Text<'a>>,
    },
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Product<'a> {
    #[serde(borrow)]
    Id(Text<'a>),
    Described {
        #[serde(borrow, default, rename = "@id")]
        id: Text<'a>,
        #[serde(borrow)]
        identifiers: Option<Identifiers<'a>>,
        #[serde(borrow, default, deserialize_with = "list")]
        subcomponents: Vec<Component<'a>>,
    },
}

/// A subcomponent has none of its own.
#[derive(Debug, Deserialize)]
struct Component<'a> {
    #[serde(borrow, default, rename = "@id")]
    id: Text<'a>,
    #[serde(borrow)]
    identifiers: Option<Identifiers<'a>>,
}

#[derive(Debug, Default, Deserialize)]
struct Identifiers<'a> {
    #[serde(borrow, default)]
    purl: Text<'a>,
    #[serde(borrow, default)]
    cpe23: Text<'a>,
    #[serde(borrow, default)]
    cpe22: Text<'a>,
}

/// A product of a statement, if it is one that a package may be.
pub(super) struct Meant {
    /// What tells it from others: the identifier, and through what it is concerned.
    pub(super) key: String,
    pub(super) product: Known,
}

impl<'a> Vulnerability<'a> {
    pub(super) fn name(&self) -> &str {
        match self {
            Self::Name(name) => name.trim(),
            Self::Described { id, name, .. } => {
                said(name).unwrap_or_else(|| id.rsplit('/').next().unwrap_or_default().trim())
            }
        }
    }

    pub(super) fn description(&self) -> &str {
        match self {
            Self::Name(_) => "",
            Self::Described { description, .. } => description,
        }
    }

    pub(super) fn aliases(&self) -> &[Text<'a>] {
        match self {
            Self::Name(_) => &[],
            Self::Described { aliases, .. } => aliases,
        }
    }
}

impl Statement<'_> {
    pub(super) fn status(&self) -> Result<Status, String> {
        Ok(match &*self.status {
            "affected" => Status::Affected,
            "fixed" => Status::Fixed,
            "not_affected" => Status::NotAffected,
            "under_investigation" => Status::UnderInvestigation,
            status => return Err(format!("its status {:?} is not known", shown(status))),
        })
    }

    /// How many products it names.
    pub(super) fn count(&self) -> usize {
        self.products.len()
    }

    /// The products that may be packages.
    pub(super) fn meant(&self) -> impl Iterator<Item = Meant> {
        let of_all = self.subcomponents.iter().map(Product::id);
        let of_all = of_all.take(4).collect::<Vec<_>>().join(" ");
        self.products.iter().filter_map(move |product| {
            let known = product.known();
            known.said(Platform::None)?;
            let key = format!(
                "{} {} {} {of_all}",
                known.purl,
                known.cpe,
                product.through()
            );
            Some(Meant {
                key,
                product: known,
            })
        })
    }
}

impl Product<'_> {
    fn id(&self) -> &str {
        match self {
            Self::Id(id) | Self::Described { id, .. } => id,
        }
    }

    fn known(&self) -> Known {
        let none = Identifiers::default();
        let identifiers = match self {
            Self::Id(_) => &none,
            Self::Described { identifiers, .. } => identifiers.as_ref().unwrap_or(&none),
        };
        let first = |texts: [&str; 3], prefix: &str| {
            let found = texts
                .into_iter()
                .find(|text| text.len() <= PRODUCT_BYTES && text.trim_start().starts_with(prefix));
            found.unwrap_or_default().trim().to_owned()
        };
        let id = self.id();
        Known {
            purl: first([&identifiers.purl, id, ""], "pkg:"),
            cpe: first([&identifiers.cpe23, &identifiers.cpe22, id], "cpe:"),
            ..Known::default()
        }
    }

    /// The subcomponents through which it is concerned, as far as they tell statements apart.
    fn through(&self) -> String {
        let subcomponents = match self {
            Self::Id(_) => return String::new(),
            Self::Described { subcomponents, .. } => subcomponents,
        };
        let names = subcomponents.iter().take(4).map(|component| {
            let Component { id, identifiers } = component;
            let purl = identifiers.as_ref().and_then(|it| said(&it.purl));
            said(id).or(purl).unwrap_or_default()
        });
        names.collect::<Vec<_>>().join(" ")
    }
}

//! The product tree (section 3.2.2): branches, full names, relationships and groups, looked up by
//! product identifier.

use std::collections::HashMap;

use serde::Deserialize;

use super::Component;
use crate::json_records::{Text, list};
use crate::vex::Known;

/// Relationships on the way from a product to what it is at last.
const STEPS: usize = 8;

/// Groups of one product that are kept.
const GROUPS: usize = 16;

/// Bytes of one identifier or name of a product; longer ones are no names.
const NAME_BYTES: usize = 1024;

#[derive(Debug, Default, Deserialize)]
pub(super) struct ProductTree<'a> {
    /// `serde_json` stops at 128 levels, so a branch has no more than that above it.
    #[serde(borrow, default, deserialize_with = "list")]
    branches: Vec<Branch<'a>>,
    #[serde(borrow, default, deserialize_with = "list")]
    full_product_names: Vec<Product<'a>>,
    #[serde(borrow, default, deserialize_with = "list")]
    relationships: Vec<Relationship<'a>>,
    #[serde(borrow, default, deserialize_with = "list")]
    product_groups: Vec<Group<'a>>,
}

#[derive(Debug, Deserialize)]
struct Branch<'a> {
    #[serde(borrow, default)]
    category: Text<'a>,
    #[serde(borrow, default)]
    name: Text<'a>,
    #[serde(borrow)]
    product: Option<Product<'a>>,
    #[serde(borrow, default, deserialize_with = "list")]
    branches: Vec<Branch<'a>>,
}

#[derive(Debug, Deserialize)]
struct Product<'a> {
    #[serde(borrow, default)]
    name: Text<'a>,
    #[serde(borrow, default, rename = "product_id")]
    id: Text<'a>,
    #[serde(borrow, default, rename = "product_identification_helper")]
    helper: Option<Helper<'a>>,
}

#[derive(Debug, Deserialize)]
struct Helper<'a> {
    #[serde(borrow, default)]
    cpe: Text<'a>,
    #[serde(borrow, default)]
    purl: Text<'a>,
    /// Several, in 2.1.
    #[serde(borrow, default, deserialize_with = "list")]
    purls: Vec<Text<'a>>,
}

/// One that lacks a part leads nowhere; products that need it are then not in the tree.
#[derive(Debug, Deserialize)]
struct Relationship<'a> {
    #[serde(borrow, default)]
    product_reference: Text<'a>,
    #[serde(borrow, default)]
    relates_to_product_reference: Text<'a>,
    #[serde(borrow)]
    full_product_name: Option<Product<'a>>,
}

#[derive(Debug, Deserialize)]
struct Group<'a> {
    #[serde(borrow, default)]
    group_id: Text<'a>,
    #[serde(borrow, default, deserialize_with = "list")]
    product_ids: Vec<Text<'a>>,
}

/// The words of the branches above a product.
#[derive(Debug, Default, Clone, Copy)]
struct Above<'t> {
    vendor: &'t str,
    name: &'t str,
    version: &'t str,
    range: &'t str,
}

/// A product tree by product identifier.
#[derive(Debug, Default)]
pub(super) struct Tree<'t> {
    products: HashMap<&'t str, Known>,
    relationships: HashMap<&'t str, &'t Relationship<'t>>,
    groups: HashMap<&'t str, Vec<&'t str>>,
}

impl<'t> Tree<'t> {
    pub(super) fn of(tree: &'t ProductTree<'t>) -> Self {
        let mut found = Self::default();
        let top = tree
            .branches
            .iter()
            .map(|branch| (branch, Above::default()));
        let mut waiting: Vec<(&Branch<'_>, Above<'_>)> = top.collect();
        while let Some((branch, above)) = waiting.pop() {
            let here = above.and(branch);
            if let Some(product) = &branch.product {
                found.add(product, here);
            }
            waiting.extend(branch.branches.iter().map(|branch| (branch, here)));
        }
        for product in &tree.full_product_names {
            found.add(
                product,
                Above {
                    name: &product.name,
                    ..Above::default()
                },
            );
        }
        for relationship in &tree.relationships {
            if let Some(product) = &relationship.full_product_name {
                found.relationships.insert(&product.id, relationship);
            }
        }
        for group in &tree.product_groups {
            for id in &group.product_ids {
                let groups = found.groups.entry(id).or_default();
                if groups.len() < GROUPS && group.group_id.len() <= NAME_BYTES {
                    groups.push(&group.group_id);
                }
            }
        }
        found
    }

    fn add(&mut self, product: &'t Product<'t>, above: Above<'t>) {
        let helper = product.helper.as_ref();
        let purls = helper.map(|helper| helper.purls.iter().chain([&helper.purl]));
        let purl = purls.into_iter().flatten().find(|purl| !purl.is_empty());
        let short = |text: &str| match text.len() {
            0..=NAME_BYTES => text.to_owned(),
            _ => String::new(),
        };
        let known = Known {
            purl: short(purl.map_or("", |purl| purl)),
            cpe: short(helper.map_or("", |helper| &helper.cpe)),
            vendor: short(above.vendor),
            name: short(above.name),
            version: short(above.version),
            range: short(above.range),
        };
        self.products.insert(&product.id, known);
    }

    /// A product with what it is a component of; `None` when the tree does not have it.
    pub(super) fn component(&self, id: &str) -> Option<Component> {
        if id.is_empty() || id.len() > NAME_BYTES {
            return None;
        }
        let (at, platform) = match self.relationships.get(id) {
            None => (id, None),
            Some(relationship) => {
                let on = self.reduced(&relationship.relates_to_product_reference, false)?;
                // One that the tree does not describe is known by its identifier alone.
                let platform = self.products.get(on).cloned().unwrap_or_else(|| Known {
                    name: on.to_owned(),
                    ..Known::default()
                });
                (
                    self.reduced(&relationship.product_reference, true)?,
                    Some(platform),
                )
            }
        };
        let groups = self.groups.get(id).into_iter().flatten();
        Some(Component {
            id: id.to_owned(),
            groups: groups.map(|group| (*group).to_owned()).collect(),
            known: self.products.get(at)?.clone(),
            platform,
        })
    }

    /// A product that is no relationship's: of a component the component, of a platform the platform
    /// below it. A module is a component of a release, and has components of its own.
    fn reduced<'s>(&'s self, id: &'s str, is_component: bool) -> Option<&'s str> {
        let mut at = id;
        for _ in 0..STEPS {
            match self.relationships.get(at) {
                None => return Some(at),
                Some(relationship) if is_component => at = &relationship.product_reference,
                Some(relationship) => at = &relationship.relates_to_product_reference,
            }
        }
        None
    }
}

impl<'t> Above<'t> {
    /// What a branch adds; categories that say nothing of a product's name add nothing.
    fn and(self, branch: &'t Branch<'t>) -> Self {
        let name = &*branch.name;
        match &*branch.category {
            "vendor" => Self {
                vendor: name,
                ..self
            },
            "product_name" => Self { name, ..self },
            "product_version" => Self {
                version: name,
                ..self
            },
            "product_version_range" => Self {
                range: name,
                ..self
            },
            _ => self,
        }
    }
}

//! Applicability statements: configurations, their nodes and the CPE names in these.
//!
//! NVD and CVE records (from 5.1.1) share this shape. It is read so:
//!
//! - Only rows that are `vulnerable` name affected products; the others name what has to be there
//!   beside them.
//! - In a configuration with the operator `OR`, or with none, each node stands for itself.
//! - In one with `AND`, each node's products require something of each other node: one of its
//!   rows, or each of them if that node is an `AND` itself.
//! - A node with `AND` makes its rows require each other, but for rows that name the product
//!   itself in another version: nothing has two versions at once.
//! - `negate` says "where this is not", which no list of companions can say. A negated node's
//!   rows are therefore neither products nor companions: the product counts as affected without
//!   that exception, which may raise a finding too many and hides none. A negated configuration
//!   speaks only of what is not meant, and is passed over as a whole.
//! - Rows that differ only in the version are gathered in one [`Affected`] per condition, over all
//!   configurations of a record where the condition is none.

use std::collections::HashMap;

use palisade_model::{
    Affected, Companion, CpePart, Lower, Product, RangeScheme, Span, Upper, VersionRange,
};
use serde::Deserialize;

use crate::cpe::{Attributes, VersionAttribute};
use crate::json_records::{Text, list};

/// Companions of one record. Conditions multiply; the largest of NVD's to 2021 has 11,396.
const COMPANIONS: usize = 200_000;

/// A configuration.
#[derive(Debug, Deserialize)]
pub(crate) struct Configuration<'a> {
    #[serde(borrow)]
    operator: Option<Text<'a>>,
    #[serde(default)]
    negate: Option<bool>,
    #[serde(borrow, default, deserialize_with = "list")]
    nodes: Vec<Node<'a>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Node<'a> {
    #[serde(borrow)]
    operator: Option<Text<'a>>,
    #[serde(default)]
    negate: Option<bool>,
    #[serde(borrow, default, deserialize_with = "list")]
    cpe_match: Vec<Row<'a>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Row<'a> {
    #[serde(default = "yes")]
    vulnerable: bool,
    #[serde(borrow)]
    criteria: Text<'a>,
    #[serde(borrow)]
    version_start_including: Option<Text<'a>>,
    #[serde(borrow)]
    version_start_excluding: Option<Text<'a>>,
    #[serde(borrow)]
    version_end_including: Option<Text<'a>>,
    #[serde(borrow)]
    version_end_excluding: Option<Text<'a>>,
}

fn yes() -> bool {
    true
}

/// Turns configurations into statements of what is affected; an error is a reason to reject.
pub(crate) fn affected(configurations: &[Configuration<'_>]) -> Result<Vec<Affected>, String> {
    let mut collector = Collector::default();
    for configuration in configurations {
        if configuration.negate != Some(true) {
            collector.configuration(configuration)?;
        }
    }
    Ok(collector.affected)
}

type Key<'a> = ([&'a str; 4], CpePart, bool);

#[derive(Default)]
struct Collector<'a> {
    affected: Vec<Affected>,
    places: HashMap<(usize, Key<'a>), usize>,
    /// The entry of the row before, since rows of one product mostly stand together.
    last: Option<(usize, Key<'a>, usize)>,
    conditions: usize,
    companions: usize,
}

/// What a node's products require; conditions are numbered, 0 is none.
#[derive(Default)]
struct Condition {
    number: usize,
    requires: Vec<Vec<Companion>>,
}

impl<'a> Collector<'a> {
    fn configuration(&mut self, configuration: &'a Configuration<'_>) -> Result<(), String> {
        let together = is_and(configuration.operator.as_ref());
        for (place, node) in configuration.nodes.iter().enumerate() {
            if node.negate == Some(true) || !node.cpe_match.iter().any(|row| row.vulnerable) {
                continue;
            }
            let mut requires = Vec::new();
            if together {
                let others = configuration.nodes.iter().enumerate();
                for (_, other) in others.filter(|(other, _)| *other != place) {
                    self.require(other, &mut requires)?;
                }
            }
            if is_and(node.operator.as_ref()) {
                self.each_with_the_rest(node, &requires)?;
            } else {
                let condition = self.condition(requires);
                for row in node.cpe_match.iter().filter(|row| row.vulnerable) {
                    self.row(row, attributes(row)?, &condition)?;
                }
            }
        }
        Ok(())
    }

    /// Adds what a node demands beside the product.
    fn require(
        &mut self,
        node: &Node<'_>,
        requires: &mut Vec<Vec<Companion>>,
    ) -> Result<(), String> {
        // Counted before they are read: the nodes of one configuration are read for each other.
        self.count_companions(node.cpe_match.len().max(1))?;
        if node.negate == Some(true) {
            return Ok(());
        }
        let mut companions = Vec::with_capacity(node.cpe_match.len());
        for row in &node.cpe_match {
            companions.extend(companion(row)?);
        }
        if is_and(node.operator.as_ref()) {
            requires.extend(companions.into_iter().map(|companion| vec![companion]));
        } else if !companions.is_empty() {
            requires.push(companions);
        }
        Ok(())
    }

    /// Adds the rows of an `AND` node, each of which requires the others.
    fn each_with_the_rest(
        &mut self,
        node: &'a Node<'_>,
        requires: &[Vec<Companion>],
    ) -> Result<(), String> {
        for row in node.cpe_match.iter().filter(|row| row.vulnerable) {
            let inherited: usize = requires.iter().map(Vec::len).sum();
            self.count_companions(node.cpe_match.len() + inherited)?;
            let product = attributes(row)?;
            let mut requires = requires.to_vec();
            for other in &node.cpe_match {
                if attributes(other)?.product_key() != product.product_key() {
                    requires.extend(companion(other)?.map(|companion| vec![companion]));
                }
            }
            let condition = self.condition(requires);
            self.row(row, product, &condition)?;
        }
        Ok(())
    }

    fn condition(&mut self, requires: Vec<Vec<Companion>>) -> Condition {
        if requires.is_empty() {
            return Condition::default();
        }
        self.conditions += 1;
        Condition {
            number: self.conditions,
            requires,
        }
    }

    fn row(
        &mut self,
        row: &Row<'_>,
        name: Attributes<'a>,
        condition: &Condition,
    ) -> Result<(), String> {
        if name.is_nothing() {
            return Ok(());
        }
        let place = self.entry(&name, condition)?;
        let range = VersionRange::affected(span(row, &name), RangeScheme::Unstated);
        self.affected[place].versions.push(range);
        Ok(())
    }

    /// The place of the product's entry under a condition, which is made where there is none.
    fn entry(&mut self, name: &Attributes<'a>, condition: &Condition) -> Result<usize, String> {
        let key = name.product_key();
        if let Some((number, last, place)) = self.last
            && number == condition.number
            && last == key
        {
            return Ok(place);
        }
        let place = match self.places.get(&(condition.number, key)) {
            Some(place) => *place,
            None => self.new_entry(name, condition)?,
        };
        self.last = Some((condition.number, key, place));
        Ok(place)
    }

    fn new_entry(&mut self, name: &Attributes<'a>, condition: &Condition) -> Result<usize, String> {
        self.count_companions(condition.requires.iter().map(Vec::len).sum())?;
        let place = self.affected.len();
        let mut entry = Affected::of(Product::Cpe(name.name()), Vec::new());
        entry.requires.clone_from(&condition.requires);
        self.affected.push(entry);
        self.places
            .insert((condition.number, name.product_key()), place);
        Ok(place)
    }

    fn count_companions(&mut self, count: usize) -> Result<(), String> {
        self.companions += count;
        if self.companions > COMPANIONS {
            return Err(format!(
                "its conditions multiply to more than {COMPANIONS} names"
            ));
        }
        Ok(())
    }
}

fn is_and(operator: Option<&Text<'_>>) -> bool {
    operator.is_some_and(|operator| operator.eq_ignore_ascii_case("and"))
}

fn attributes<'a>(row: &'a Row<'_>) -> Result<Attributes<'a>, String> {
    Attributes::parse(&row.criteria).map_err(|error| format!("{:?}: {error}", &*row.criteria))
}

fn companion(row: &Row<'_>) -> Result<Option<Companion>, String> {
    let name = attributes(row)?;
    let companion = || Companion {
        cpe: name.name(),
        span: span(row, &name),
    };
    Ok((!name.is_nothing()).then(companion))
}

fn span(row: &Row<'_>, name: &Attributes<'_>) -> Span {
    let bound = |text: &Option<Text<'_>>| {
        text.as_deref()
            .filter(|version| !version.is_empty())
            .map(str::to_owned)
    };
    let lower = bound(&row.version_start_including)
        .map(Lower::Including)
        .or_else(|| bound(&row.version_start_excluding).map(Lower::Excluding));
    let upper = bound(&row.version_end_excluding)
        .map(Upper::Excluding)
        .or_else(|| bound(&row.version_end_including).map(Upper::Including));
    if lower.is_some() || upper.is_some() {
        return Span::Between(lower.unwrap_or(Lower::Open), upper.unwrap_or(Upper::Open));
    }
    match name.version() {
        VersionAttribute::Any => Span::All,
        VersionAttribute::NotApplicable => Span::NotStated,
        VersionAttribute::Version(version) => Span::Exact(version),
    }
}

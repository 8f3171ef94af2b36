//! The pages, one module each: reads the parameters, asks a view, and fills a template with texts
//! that are ready to be shown.

pub(crate) mod about;
pub(crate) mod affected_by;
pub(crate) mod api;
pub(crate) mod branch;
pub(crate) mod branch_history;
pub(crate) mod branch_query;
pub(crate) mod branches;
pub(crate) mod comparison;
pub(crate) mod distribution;
pub(crate) mod error;
pub(crate) mod events;
pub(crate) mod feeds;
pub(crate) mod filter_form;
pub(crate) mod finding;
pub(crate) mod grafts;
pub(crate) mod home;
pub(crate) mod maintainer;
pub(crate) mod maintainers;
pub(crate) mod mistakes;
pub(crate) mod package;
pub(crate) mod package_history;
pub(crate) mod policy;
pub(crate) mod report;
pub(crate) mod review;
pub(crate) mod reviews;
pub(crate) mod search;
pub(crate) mod sources;
pub(crate) mod statistics;
pub(crate) mod vulnerability;

use palisade_model::Distribution;

use crate::assets;
use crate::error::WebError;
use crate::respond::Wanted;
use crate::words::query_value;

/// What every page has around its content.
pub(crate) struct Frame {
    pub(crate) title: String,
    pub(crate) style: &'static str,
    pub(crate) icon: &'static str,
    /// The same page as JSON, where there is one.
    pub(crate) json: Option<String>,
    /// What is listed, as a feed for readers.
    pub(crate) atom: Option<String>,
    /// What is listed, as a table for spreadsheets.
    pub(crate) csv: Option<String>,
    /// The same page as Markdown.
    pub(crate) markdown: Option<String>,
    /// What is listed, all of it, an object a line.
    pub(crate) lines: Option<String>,
    /// What stands in the search box.
    pub(crate) search: String,
    /// Which part of the site this is.
    pub(crate) part: &'static str,
}

impl Frame {
    pub(crate) fn of(title: impl Into<String>, part: &'static str, json: Option<String>) -> Self {
        Self {
            title: title.into(),
            style: &assets::STYLE.name,
            icon: &assets::ICON.name,
            json,
            atom: None,
            csv: None,
            markdown: None,
            lines: None,
            search: String::new(),
            part,
        }
    }

    /// Tells that what is listed also comes as a feed, as a table and as JSON Lines.
    pub(crate) fn with_list(mut self, wanted: &Wanted) -> Self {
        self.atom = Some(wanted.atom_address.clone());
        self.csv = Some(wanted.csv_address.clone());
        self.lines = Some(wanted.lines_address.clone());
        self
    }

    /// Tells that there is a feed of what happens.
    pub(crate) fn with_feed(mut self, address: String) -> Self {
        self.atom = Some(address);
        self
    }
}

/// A page's address with its parameters.
#[derive(Debug, Clone)]
pub(crate) struct Address {
    path: String,
    parameters: Vec<(&'static str, String)>,
}

impl Address {
    pub(crate) fn of(path: String) -> Self {
        Self {
            path,
            parameters: Vec::new(),
        }
    }

    /// Sets a parameter; nothing takes it away.
    pub(crate) fn with(mut self, name: &'static str, value: Option<&str>) -> Self {
        self.parameters.retain(|(known, _)| *known != name);
        if let Some(value) = value {
            self.parameters.push((name, value.to_owned()));
        }
        self
    }

    pub(crate) fn text(&self) -> String {
        self.text_in("")
    }

    /// The address of the same as JSON.
    pub(crate) fn json(&self) -> String {
        self.text_in(".json")
    }

    fn text_in(&self, suffix: &str) -> String {
        let mut text = format!("{}{suffix}", self.path);
        for (place, (name, value)) in self.parameters.iter().enumerate() {
            text.push(if place == 0 { '?' } else { '&' });
            text.push_str(name);
            text.push('=');
            text.push_str(&query_value(value));
        }
        text
    }
}

/// A choice of a form.
pub(crate) struct Choice {
    pub(crate) value: String,
    pub(crate) label: String,
    pub(crate) selected: bool,
}

pub(crate) fn choices(all: &[(&'static str, &'static str)], selected: Option<&str>) -> Vec<Choice> {
    let choice = |(value, label): &(&'static str, &'static str)| Choice {
        value: (*value).to_owned(),
        label: (*label).to_owned(),
        selected: *value == selected.unwrap_or_default(),
    };
    all.iter().map(choice).collect()
}

fn distribution(text: &str) -> Result<Distribution, WebError> {
    text.parse()
        .map_err(|_| WebError::NotFound("there is no such distribution".to_owned()))
}

//! Four lights, side by side: signed, corroborated, reproduced, change reviewed.
//!
//! Each answers another question, and none makes up for another: a signature tells who,
//! corroboration that others had the same, a rebuild that the binary is of the source, a review
//! what changed. The malicious releases of xz were signed, corroborated and reproduced. So there is
//! no sum of them here.

use serde::Serialize;

/// What is known by one of the ways.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "light", content = "why")]
pub enum Light {
    /// It was asked, and the answer is good.
    Green(String),
    /// The answer is neither.
    Yellow(String),
    /// It was asked, and the answer is bad.
    Red(String),
    /// Nobody asked.
    #[default]
    Dark,
}

/// The four, which are never added up.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Lights {
    /// Whether somebody who is believed vouches for the file.
    pub signed: Light,
    /// Whether others had the same file; that proves sameness and nothing else.
    pub corroborated: Light,
    /// Whether somebody built the same from it.
    pub reproduced: Light,
    /// Whether somebody looked at what changed.
    pub reviewed: Light,
}

//! The form by which findings of a branch are filtered, filled in with what is asked.

use palisade_tracker::views::BranchView;

use super::branch_query::{
    Asked, CONFIDENCE_LABELS, EPSS_LABELS, LEVEL_LABELS, SORT_LABELS, SSVC_LABELS, STATUS_LABELS,
};
use super::{Choice, choices};
use crate::words::number;

/// Parties among which one chooses whose scores count.
const SCORERS: usize = 40;

/// What stands in the form.
pub(crate) struct FilterForm {
    pub(crate) level: String,
    pub(crate) text: String,
    pub(crate) package: String,
    pub(crate) status_choices: Vec<Choice>,
    pub(crate) level_choices: Vec<Choice>,
    pub(crate) confidence_choices: Vec<Choice>,
    pub(crate) sort_choices: Vec<Choice>,
    pub(crate) scorer_choices: Vec<Choice>,
    pub(crate) epss_choices: Vec<Choice>,
    /// Of which day the EPSS scores are.
    epss_day: Option<String>,
    pub(crate) ssvc_choices: Vec<Choice>,
    pub(crate) maintainer: String,
    /// Whether any of the filters is used that are folded away.
    pub(crate) more: bool,
    pub(crate) exploited: bool,
    pub(crate) fixable: bool,
}

impl FilterForm {
    pub(crate) fn of(view: &BranchView, asked: &Asked) -> Self {
        let filter = &asked.query.filter;
        Self {
            level: asked.level.unwrap_or_default().to_owned(),
            text: filter.text.clone().unwrap_or_default(),
            package: filter.package.clone().unwrap_or_default(),
            status_choices: choices(&STATUS_LABELS, asked.status.or(Some("affected"))),
            level_choices: choices(&LEVEL_LABELS, asked.minimum_level),
            confidence_choices: choices(&CONFIDENCE_LABELS, asked.confidence),
            sort_choices: choices(&SORT_LABELS, asked.sort.or(Some("score"))),
            scorer_choices: scorers(view, filter.scorer.as_deref()),
            epss_day: view.epss.as_ref().map(|epss| epss.day.clone()),
            epss_choices: choices(&EPSS_LABELS, asked.epss.as_deref()),
            ssvc_choices: choices(&SSVC_LABELS, filter.ssvc.as_deref()),
            maintainer: asked.maintainer.clone().unwrap_or_default(),
            more: asked.confidence.is_some()
                || asked.epss.is_some()
                || asked.maintainer.is_some()
                || filter.scorer.is_some()
                || filter.ssvc.is_some(),
            exploited: filter.exploited,
            fixable: filter.fixable,
        }
    }
}

impl FilterForm {
    /// What is asked for, in words; nothing where everything of a state is.
    pub(crate) fn words(&self) -> Vec<String> {
        let chosen = |what: &str, choices: &[Choice]| {
            let choice = choices
                .iter()
                .find(|it| it.selected && !it.value.is_empty())?;
            Some(format!("{what}: {}", choice.label))
        };
        let written =
            |what: &str, text: &str| (!text.is_empty()).then(|| format!("{what}: {text}"));
        let epss = match &self.epss_day {
            Some(day) => format!("EPSS of {day}"),
            None => "EPSS".to_owned(),
        };
        let marked = |what: &str, is_marked: bool| is_marked.then(|| what.to_owned());
        let words = [
            chosen("state", &self.status_choices),
            chosen("level", &self.level_choices),
            written("only the level", &self.level),
            written("text", &self.text),
            written("package", &self.package),
            chosen("scored by", &self.scorer_choices),
            chosen("confidence", &self.confidence_choices),
            chosen(&epss, &self.epss_choices),
            chosen("exploitation (CISA SSVC)", &self.ssvc_choices),
            written("maintainer", &self.maintainer),
            marked("known to be exploited", self.exploited),
            marked("a fix is known", self.fixable),
        ];
        words.into_iter().flatten().collect()
    }
}

/// The parties that score, with how many vulnerabilities each.
fn scorers(view: &BranchView, asked: Option<&str>) -> Vec<Choice> {
    let foremost = Choice {
        value: String::new(),
        label: "The foremost score".to_owned(),
        selected: asked.is_none(),
    };
    let of = |(scorer, count): &(String, usize)| Choice {
        value: scorer.clone(),
        label: format!("{scorer} ({})", number(*count)),
        selected: asked == Some(scorer),
    };
    let mut choices = vec![foremost];
    choices.extend(view.scorers.iter().take(SCORERS).map(of));
    if let Some(asked) = asked.filter(|_| !choices.iter().any(|it| it.selected)) {
        choices.push(Choice {
            value: asked.to_owned(),
            label: asked.to_owned(),
            selected: true,
        });
    }
    choices
}

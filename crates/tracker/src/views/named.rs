//! Which source packages a name stands for.

use palisade_model::Distribution;
use palisade_store::{Session, SourceRow};

use crate::TrackerError;

/// The source packages of a name with that name; or those from which a package of that name is built,
/// with theirs. `None` when there is neither.
pub(super) async fn named(
    session: &mut Session,
    distribution: &Distribution,
    name: &str,
) -> Result<Option<(String, Vec<SourceRow>)>, TrackerError> {
    let distribution = distribution.as_str();
    let sources = session.sources_named(distribution, name).await?;
    if !sources.is_empty() {
        return Ok(Some((name.to_owned(), sources)));
    }
    let Some(source) = session.source_of_package(distribution, name).await? else {
        return Ok(None);
    };
    let sources = session.sources_named(distribution, &source).await?;
    Ok(Some((source, sources)))
}

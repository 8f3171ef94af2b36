//! Who maintains a package of Alpine, where its index or the package itself says something else.

/// A maintainer as written, unless it is a line of the recipe.
///
/// Where a recipe's comment names nobody, the next line of the recipe has come into the index in the
/// name's place: `pkgname=crypto++` (alpine/edge, 2026). Whoever has a mail address is somebody.
pub(crate) fn maintainer(text: Option<String>) -> Option<String> {
    text.filter(|text| !is_assignment(text) || text.contains('@'))
}

/// Whether a text begins as the assignment of a shell's variable does.
pub(crate) fn is_assignment(text: &str) -> bool {
    let Some((name, _)) = text.split_once('=') else {
        return false;
    };
    let is_letter = |c: char| c.is_ascii_alphanumeric() || c == '_';
    !name.is_empty()
        && name.chars().all(is_letter)
        && !name.starts_with(|c: char| c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_the_recipe_is_nobody() {
        let told = |text: &str| maintainer(Some(text.to_owned()));
        for nobody in [
            "pkgname=crypto++",
            "_pkgver=1.0",
            "pkgdesc=\"Some words\"",
            "source=",
        ] {
            assert_eq!(told(nobody), None, "{nobody}");
        }
        for somebody in [
            "Some One <one@demo.example>",
            "one@demo.example",
            "Some One",
            "x=y <one@demo.example>",
            "Team = One",
            "=",
            "1=2",
        ] {
            assert_eq!(told(somebody).as_deref(), Some(somebody));
        }
        assert_eq!(maintainer(None), None);
    }
}

//! What people read of a text.

use unicode_properties::{GeneralCategory, GeneralCategoryGroup, UnicodeGeneralCategory as _};

/// Letters and signs that show nothing: the fillers of Hangul, and the empty pattern of braille.
const FILLERS: [char; 5] = ['\u{115f}', '\u{1160}', '\u{3164}', '\u{ffa0}', '\u{2800}'];

/// Whether a text shows nothing: no more than spaces, controls, characters of no width, and marks on no letter.
pub fn is_blank(text: &str) -> bool {
    !text.chars().any(is_visible)
}

fn is_visible(character: char) -> bool {
    let shows_nothing = matches!(
        character.general_category(),
        GeneralCategory::Control | GeneralCategory::Format
    ) || matches!(
        character.general_category_group(),
        GeneralCategoryGroup::Separator | GeneralCategoryGroup::Mark
    );
    !shows_nothing && !FILLERS.contains(&character)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::nothing("")]
    #[case::spaces(" \t\r\n\u{a0}\u{3000}")]
    #[case::of_no_width("\u{200b}\u{200c}\u{200d}\u{2060}\u{feff}\u{ad}\u{200e}")]
    #[case::variation_selectors("\u{fe0f}\u{e0100}\u{34f}")]
    #[case::fillers("\u{3164}\u{2800}")]
    fn what_shows_nothing_is_blank(#[case] text: &str) {
        assert!(is_blank(text));
    }

    #[rstest]
    #[case("a")]
    #[case("\u{200b}?")]
    #[case("👨‍👩‍👧")]
    #[case("e\u{300}")]
    fn what_shows_something_is_not(#[case] text: &str) {
        assert!(!is_blank(text));
    }
}

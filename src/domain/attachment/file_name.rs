//! Names of files, made harmless to show, to download and to keep.

/// The longest name that is kept, in characters.
const LONGEST: usize = 100;

/// A name without folders, invisible characters and what file systems choke on; its end (`.pdf`) is kept when it
/// has to be shortened. Never empty.
pub fn clean_file_name(name: &str) -> String {
    let own = name.rsplit(['/', '\\']).next().unwrap_or(name);
    let visible: String = own
        .chars()
        .filter(|one| !is_invisible(*one))
        .map(harmless)
        .collect();
    let words: Vec<&str> = visible.split_whitespace().collect();
    let joined = words.join(" ");
    let (stem, extension) = match joined.rsplit_once('.') {
        Some((stem, extension)) if extension.len() <= 8 => (stem, format!(".{}", extension.trim())),
        Some(_) | None => (joined.as_str(), String::new()),
    };
    let kept: String = stem.chars().take(LONGEST - extension.chars().count()).collect();
    let kept = kept.trim_matches([' ', '.']);
    if kept.is_empty() {
        format!("allegato{extension}")
    } else {
        format!("{kept}{extension}")
    }
}

/// What file systems or shells would not take as it is.
const fn harmless(character: char) -> char {
    match character {
        '<' | '>' | ':' | '"' | '|' | '?' | '*' => '_',
        other => other,
    }
}

/// Control characters, and the format characters that reorder or hide text: `x[RLO]fdp.exe` shows as `xexe.pdf`.
fn is_invisible(character: char) -> bool {
    (character.is_control() && !character.is_whitespace())
        || matches!(
            character,
            '\u{ad}'
                | '\u{34f}'
                | '\u{61c}'
                | '\u{115f}'..='\u{1160}'
                | '\u{180b}'..='\u{180f}'
                | '\u{200b}'..='\u{200f}'
                | '\u{202a}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{3164}'
                | '\u{fe00}'..='\u{fe0f}'
                | '\u{feff}'
                | '\u{fff0}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e0fff}'
        )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::as_it_is("Documento 1.txt", "Documento 1.txt")]
    #[case::accents("perché.pdf", "perché.pdf")]
    #[case::unix_folders("../../etc/passwd.txt", "passwd.txt")]
    #[case::windows_folders("C:\\Utenti\\mario\\delega.pdf", "delega.pdf")]
    #[case::right_to_left("delega\u{202e}fdp.exe", "delegafdp.exe")]
    #[case::header_injection("a.pdf\r\nX-A: b.txt", "a.pdf X-A_ b.txt")]
    #[case::reserved("a<b>:\"c|?*.pdf", "a_b___c___.pdf")]
    #[case::hidden("...pdf", "allegato.pdf")]
    #[case::only_an_end(".pdf", "allegato.pdf")]
    #[case::nothing("", "allegato")]
    #[case::many_spaces("  a \t b  .pdf ", "a b.pdf")]
    fn names_are_cleaned(#[case] name: &str, #[case] clean: &str) {
        assert_eq!(clean_file_name(name), clean);
    }

    #[test]
    fn a_long_name_keeps_its_end() {
        let clean = clean_file_name(&format!("{}.pdf", "è".repeat(300)));
        assert_eq!(clean.chars().count(), 100);
        assert!(clean.ends_with("è.pdf"));
    }

    proptest! {
        #[test]
        fn a_clean_name_is_short_visible_and_stays_clean(name in any::<String>()) {
            let clean = clean_file_name(&name);
            prop_assert!((1..=100).contains(&clean.chars().count()));
            let harmful = |one: char| one.is_control() || ['/', '\\', '\u{202e}'].contains(&one);
            prop_assert!(!clean.contains(harmful), "something harmful is left");
            prop_assert_eq!(clean_file_name(&clean), clean);
        }
    }
}

//! Texts people wrote, made fit for paper: nothing that is invisible, turns its neighbours round or is no character.

/// More accents on one letter than this are only there to spill over the lines around it.
const MOST_MARKS: usize = 4;

/// The text without what no paper can show. Lines end with `\n` alone.
pub(super) fn clean(text: &str) -> String {
    let text = text.replace("\r\n", "\n");
    let mut cleaned = String::with_capacity(text.len());
    let mut marks = 0;
    for character in text.chars() {
        marks = if is_mark(character) { marks + 1 } else { 0 };
        if marks > MOST_MARKS {
            continue;
        }
        match character {
            '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}' => cleaned.push('\n'),
            '\t' => cleaned.push_str("    "),
            other if other.is_control() || is_unseen(other) => {}
            other if is_private(other) => cleaned.push(REPLACEMENT),
            other => cleaned.push(other),
        }
    }
    cleaned.trim_end().to_owned()
}

/// What stands where a character cannot be shown.
pub(super) const REPLACEMENT: char = '\u{25a1}';

/// Directs the text around it, or is no character of its own.
fn is_unseen(character: char) -> bool {
    matches!(
        u32::from(character),
        0xad | 0x61c | 0x200e..=0x200f | 0x202a..=0x202e | 0x2060..=0x206f | 0xfeff | 0xfff0..=0xfffb
            | 0xe0000..=0xe0fff
    ) || u32::from(character) & 0xfffe == 0xfffe
        || matches!(u32::from(character), 0xfdd0..=0xfdef)
}

/// Means what its writer's machine says it means.
fn is_private(character: char) -> bool {
    matches!(
        u32::from(character),
        0xe000..=0xf8ff | 0xfffc | 0xf_0000..=0xf_fffd | 0x10_0000..=0x10_fffd
    )
}

fn is_mark(character: char) -> bool {
    matches!(
        u32::from(character),
        0x300..=0x36f | 0x483..=0x489 | 0x1ab0..=0x1aff | 0x1dc0..=0x1dff | 0x20d0..=0x20ff | 0xfe20..=0xfe2f
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_write_stays_as_it_is() {
        for text in [
            "Buongiorno,\n\na che punto è la pratica n° 7?",
            "Perché così? L'ha già detto «lui» – 100 €",
            "مرحبا ✓ 😀",
        ] {
            assert_eq!(clean(text), text);
        }
    }

    #[test]
    fn what_hides_turns_or_spills_is_left_out() {
        assert_eq!(clean("a\r\nb\rc\u{2028}d\n \t"), "a\nb\nc\nd");
        assert_eq!(clean("fattura\u{202e}fdp.exe"), "fatturafdp.exe");
        assert_eq!(clean("\u{feff}x\u{0}\u{1b}[31m\u{ad}y\u{ffff}"), "x[31my");
        assert_eq!(clean("\u{e000}\u{fffc}"), "\u{25a1}\u{25a1}");
        assert_eq!(
            clean(&format!("a{}b", "\u{301}".repeat(50))),
            format!("a{}b", "\u{301}".repeat(4))
        );
    }
}

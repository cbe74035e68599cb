//! Names as the registers compare them: letters and digits only, without case, accents, apostrophes or spaces.

use super::super::ids::InvalidId;

/// The longest name a register takes, in characters.
pub const MAX_NAME: usize = 100;

/// A name reduced for comparison: `D'Angelo`, `D ANGELO` and `d’angelo` share one. Personal as the name itself.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NameKey(Box<str>);

impl NameKey {
    /// The key of any text; empty where there is no letter in it.
    pub fn of(name: &str) -> Self {
        let mut key = String::with_capacity(name.len());
        for character in name.chars().flat_map(char::to_uppercase) {
            match plain(character) {
                "" if character.is_alphanumeric() => key.push(character),
                plain => key.push_str(plain),
            }
        }
        Self(key.into())
    }

    /// The key of a name that must be there and is not absurdly long.
    pub fn parse(name: &str) -> Result<Self, InvalidId> {
        let key = Self::of(name);
        if key.0.is_empty() || name.chars().count() > MAX_NAME {
            return Err(InvalidId {
                kind: "name",
                expected: "1 to 100 characters, a letter among them",
            });
        }
        Ok(key)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for NameKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("NameKey(..)")
    }
}

/// The plain letters of an accented capital; empty for what has none (combining marks, punctuation, others).
const fn plain(capital: char) -> &'static str {
    match capital {
        'À'..='Å'
        | 'Ā'
        | 'Ă'
        | 'Ą'
        | 'Ǎ'
        | 'Ạ'
        | 'Ả'
        | 'Ấ'
        | 'Ầ'
        | 'Ẩ'
        | 'Ẫ'
        | 'Ậ'
        | 'Ắ'
        | 'Ằ'
        | 'Ẳ'
        | 'Ẵ'
        | 'Ặ' => "A",
        'Æ' => "AE",
        'Ç' | 'Ć' | 'Ĉ' | 'Ċ' | 'Č' => "C",
        'Ď' | 'Đ' | 'Ð' => "D",
        'È'..='Ë' | 'Ē' | 'Ĕ' | 'Ė' | 'Ę' | 'Ě' | 'Ẹ' | 'Ẻ' | 'Ẽ' | 'Ế' | 'Ề' | 'Ể' | 'Ễ' | 'Ệ' => {
            "E"
        }
        'Ĝ' | 'Ğ' | 'Ġ' | 'Ģ' => "G",
        'Ĥ' | 'Ħ' => "H",
        'Ì'..='Ï' | 'Ĩ' | 'Ī' | 'Ĭ' | 'Į' | 'İ' | 'Ǐ' | 'Ỉ' | 'Ị' => "I",
        'Ĵ' => "J",
        'Ķ' => "K",
        'Ĺ' | 'Ļ' | 'Ľ' | 'Ŀ' | 'Ł' => "L",
        'Ñ' | 'Ń' | 'Ņ' | 'Ň' => "N",
        'Ò'..='Ö'
        | 'Ø'
        | 'Ō'
        | 'Ŏ'
        | 'Ő'
        | 'Ơ'
        | 'Ǒ'
        | 'Ọ'
        | 'Ỏ'
        | 'Ố'
        | 'Ồ'
        | 'Ổ'
        | 'Ỗ'
        | 'Ộ'
        | 'Ớ'
        | 'Ờ'
        | 'Ở'
        | 'Ỡ'
        | 'Ợ' => "O",
        'Œ' => "OE",
        'Ŕ' | 'Ŗ' | 'Ř' => "R",
        'Ś' | 'Ŝ' | 'Ş' | 'Š' | 'Ș' => "S",
        'ẞ' => "SS",
        'Ţ' | 'Ť' | 'Ŧ' | 'Ț' => "T",
        'Þ' => "TH",
        'Ù'..='Ü'
        | 'Ũ'
        | 'Ū'
        | 'Ŭ'
        | 'Ů'
        | 'Ű'
        | 'Ų'
        | 'Ư'
        | 'Ǔ'
        | 'Ụ'
        | 'Ủ'
        | 'Ứ'
        | 'Ừ'
        | 'Ử'
        | 'Ữ'
        | 'Ự' => "U",
        'Ŵ' => "W",
        'Ý' | 'Ŷ' | 'Ÿ' | 'Ỳ' | 'Ỵ' | 'Ỷ' | 'Ỹ' => "Y",
        'Ź' | 'Ż' | 'Ž' => "Z",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::apostrophes("D'Angelo", "D’ANGELO")]
    #[case::spaces("De  Luca", "deluca")]
    #[case::accents("Niccolò", "NICCOLO'")]
    #[case::combining_accents("Niccolo\u{300}", "Niccolò")]
    #[case::other_alphabets_letters("Đorđević", "DORDEVIC")]
    #[case::sharp_s("Groß", "GROSS")]
    #[case::dotless_i("Işık", "ISIK")]
    #[case::vietnamese("Nguyễn", "Nguyen")]
    #[case::hyphens("Anna-Maria", "Anna Maria")]
    fn ways_to_write_a_name_share_one_key(#[case] one: &str, #[case] other: &str) {
        assert_eq!(NameKey::of(one), NameKey::of(other));
    }

    #[test]
    fn names_that_differ_stay_apart() {
        assert_ne!(NameKey::of("Rossi"), NameKey::of("Rosi"));
        assert_ne!(NameKey::of("Иванов"), NameKey::of("Петров"));
    }

    #[test]
    fn a_name_needs_a_letter_and_an_end() {
        assert!(NameKey::parse(" - ").is_err() && NameKey::parse(&"a".repeat(101)).is_err());
        assert!(NameKey::parse("Fo").is_ok());
    }

    proptest! {
        #[test]
        fn a_key_is_its_own_key(name in any::<String>()) {
            let key = NameKey::of(&name);
            prop_assert_eq!(NameKey::of(key.as_str()), key);
        }
    }
}

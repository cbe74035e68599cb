//! `cases.csv`: made-up people encoded by python-codicefiscale 0.12.1, each with a few of its omocodia forms
//! (base, birth date and sex beside them). The provisional codes are by python-stdnum, the same rule elsewhere.

use proptest::prelude::*;
use rstest::rstest;

use super::*;

const BIANCHI: &str = "BNCMRA50A01H501U";

fn cases() -> impl Iterator<Item = [&'static str; 4]> {
    let lines = include_str!("cases.csv").lines().skip(1);
    lines.map(|line| {
        line.split(',')
            .collect::<Vec<_>>()
            .try_into()
            .expect("four columns")
    })
}

#[test]
fn agrees_with_an_independent_encoder() {
    let mut seen = 0;
    for [form, base, born_on, sex] in cases() {
        let code = CodiceFiscale::parse(form).unwrap_or_else(|error| panic!("{form}: {error}"));
        assert_eq!(code.base().as_str(), base, "{form}");
        let hint = code.birth_hint().expect("a personal code");
        assert!(hint.fits(born_on.parse().unwrap()), "{form} {hint:?}");
        assert_eq!(hint.sex.as_str(), sex, "{form}");
        seen += 1;
    }
    assert_eq!(seen, 246);
}

#[test]
fn every_form_of_a_code_has_one_base() {
    let forms: Vec<_> = (0..128_u8).map(|places| omocodia_form(BIANCHI, places)).collect();
    for form in &forms {
        assert_eq!(form.base().as_str(), BIANCHI);
    }
    let distinct: std::collections::BTreeSet<_> = forms.iter().collect();
    assert_eq!(distinct.len(), 128);
}

#[test]
fn the_forms_of_a_code_are_those_found_by_trial() {
    let tried: std::collections::BTreeSet<_> =
        (0..128_u8).map(|places| omocodia_form(BIANCHI, places)).collect();
    let third = omocodia_form(BIANCHI, 0b11);
    assert_eq!(
        third
            .forms()
            .into_iter()
            .collect::<std::collections::BTreeSet<_>>(),
        tried
    );
    for [form, base, ..] in cases() {
        let forms = CodiceFiscale::parse(base).unwrap().forms();
        assert!(forms.contains(&CodiceFiscale::parse(form).unwrap()), "{form}");
    }
}

/// The form with letters in the places whose bit is set, with its check character found by trial.
fn omocodia_form(code: &str, places: u8) -> CodiceFiscale {
    let mut bytes = code.as_bytes().to_vec();
    for (bit, at) in [6, 7, 9, 10, 12, 13, 14].into_iter().enumerate() {
        if places & (1 << bit) != 0 {
            bytes[at] = b"LMNPQRSTUV"[usize::from(bytes[at] - b'0')];
        }
    }
    let with_check = |check: u8| {
        bytes[15] = check;
        CodiceFiscale::parse(std::str::from_utf8(&bytes).unwrap()).ok()
    };
    let fitting: Vec<_> = (b'A'..=b'Z').filter_map(with_check).collect();
    assert_eq!(fitting.len(), 1, "one check character fits");
    fitting.into_iter().next().unwrap()
}

#[rstest]
#[case::as_printed(BIANCHI)]
#[case::lower_case("bncmra50a01h501u")]
#[case::spaces_around("  BNCMRA50A01H501U\n")]
fn takes_what_people_paste(#[case] text: &str) {
    assert_eq!(CodiceFiscale::parse(text).unwrap().as_str(), BIANCHI);
}

#[rstest]
#[case::empty("")]
#[case::wrong_check_character("BNCMRA50A01H501V")]
#[case::day_zero("BNCMRA50A00H501T")]
#[case::day_32("BNCMRA50A32H501A")]
#[case::letter_for_year("BNCMRAA0A01H501U")]
#[case::no_such_month("BNCMRA50F01H501U")]
#[case::sixteen_bytes_not_ascii("BNCMRA50A01H50è")]
#[case::eleven_bytes_not_ascii("1234567890à")]
#[case::fullwidth("ＢＮＣＭＲ")]
#[case::turned_capital_by_unicode_only("BNCMRA50A01H50ı")]
#[case::wrong_check_digit("42856570958")]
#[case::no_serial_number("00000000000")]
#[case::inner_space("BNCMRA 50A01H501U")]
fn refuses(#[case] text: &str) {
    assert!(CodiceFiscale::parse(text).is_err());
}

#[rstest]
#[case("42856570959")]
#[case("60152280891")]
#[case("08699540210")]
#[case("17108470745")]
fn knows_provisional_codes(#[case] text: &str) {
    let code = CodiceFiscale::parse(text).unwrap();
    assert!(code.is_provisional());
    assert_eq!(code.base(), code);
    assert_eq!(code.birth_hint(), None);
}

#[test]
fn a_february_29_fits_only_its_own_day() {
    let hint = BirthHint {
        year_of_century: 0,
        month: 2,
        day: 29,
        sex: Sex::Female,
    };
    assert!(hint.fits(NaiveDate::from_ymd_opt(2000, 2, 29).unwrap()));
    assert!(!hint.fits(NaiveDate::from_ymd_opt(2000, 3, 1).unwrap()));
}

#[test]
fn never_shows_itself() {
    let code = CodiceFiscale::parse(BIANCHI).unwrap();
    assert_eq!(code.masked(), "BNC************U");
    assert_eq!(format!("{code} {code:?}"), "BNC************U BNC************U");
    assert_eq!(serde_json::to_string(&code).unwrap(), format!("\"{BIANCHI}\""));
}

#[rstest]
#[case::wrong_check("\"BNCMRA50A01H501V\"", "BNC")]
#[case::number("42856570959", "42856")]
#[case::fraction("4285657095.9", "42856")]
#[case::list("[\"BNCMRA50A01H501U\"]", "BNC")]
#[case::map("{\"BNCMRA50A01H501U\":1}", "BNC")]
fn errors_do_not_repeat_the_value(#[case] json: &str, #[case] secret: &str) {
    let error = serde_json::from_str::<CodiceFiscale>(json).unwrap_err();
    assert!(!format!("{error} {error:?}").contains(secret), "{error}");
}

proptest! {
    #[test]
    fn any_text_parses_or_not_without_a_panic(text in any::<String>()) {
        if let Ok(code) = CodiceFiscale::parse(&text) {
            prop_assert_eq!(CodiceFiscale::parse(code.as_str()), Ok(code));
        }
    }

    #[test]
    fn texts_of_the_right_shape_have_one_check_character(
        code in "[A-Z]{6}[0-9LMNPQRSTUV]{2}[ABCDEHLMPRST][0-2LMN][1-8MNPQRSTU][A-Z][0-9LMNPQRSTUV]{3}"
    ) {
        let fitting: Vec<_> =
            ('A'..='Z').filter_map(|check| CodiceFiscale::parse(&format!("{code}{check}")).ok()).collect();
        prop_assert_eq!(fitting.len(), 1);
        prop_assert_eq!(fitting[0].base().base(), fitting[0].base());
        prop_assert!(CodiceFiscale::parse(fitting[0].base().as_str()).is_ok());
        prop_assert!(fitting[0].birth_hint().is_some());
    }
}

#[test]
fn one_wrong_digit_of_a_provisional_code_is_seen() {
    for place in 0..11 {
        for digit in b'0'..=b'9' {
            let mut bytes = *b"42856570959";
            let unchanged = std::mem::replace(&mut bytes[place], digit) == digit;
            assert_eq!(
                CodiceFiscale::parse(std::str::from_utf8(&bytes).unwrap()).is_ok(),
                unchanged
            );
        }
    }
}

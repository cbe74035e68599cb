//! Shape and check characters, on bytes: input that is not ASCII is simply not a code.

use super::MONTHS;

/// Where omocodia may put a letter for a digit (0-based).
const OMOCODIA: [usize; 7] = [6, 7, 9, 10, 12, 13, 14];
/// The letters that stand for 0 to 9 there.
const OMOCODIA_LETTERS: &[u8; 10] = b"LMNPQRSTUV";
/// Values in odd places (counted from 1), for 0-9 and for A-J alike, then for K-Z.
const ODD: [u8; 26] = [
    1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23,
];

/// The digit that stands at a place of digits, omocodia undone.
pub(super) fn digit_at(at: usize, byte: u8) -> Option<u8> {
    if !OMOCODIA.contains(&at) {
        return None;
    }
    if byte.is_ascii_digit() {
        return Some(byte - b'0');
    }
    let digit = OMOCODIA_LETTERS.iter().position(|letter| *letter == byte)?;
    u8::try_from(digit).ok()
}

/// Every form of a base code, each with its own check character.
pub(super) fn omocodia_forms(base: &[u8]) -> Vec<String> {
    let form = |replaced: u8| {
        let mut code = String::with_capacity(16);
        for (at, byte) in base.iter().enumerate().take(15) {
            let place = OMOCODIA.iter().position(|place| *place == at);
            let letter = place
                .filter(|place| replaced & (1 << place) != 0)
                .and_then(|_| digit_at(at, *byte))
                .map(|digit| OMOCODIA_LETTERS[usize::from(digit)]);
            code.push(char::from(letter.unwrap_or(*byte)));
        }
        code.push(char::from(check_character(code.as_bytes())));
        code
    };
    (0..1 << OMOCODIA.len()).map(form).collect()
}

/// Sixteen bytes: letters, digits and month in their places, a day that exists, the right check character.
pub(super) fn is_personal(code: &[u8]) -> bool {
    let in_place = |(at, byte): (usize, &u8)| match at {
        8 => MONTHS.contains(byte),
        at if OMOCODIA.contains(&at) => digit_at(at, *byte).is_some(),
        _ => byte.is_ascii_uppercase(),
    };
    let day_exists = || {
        let day = digit_at(9, code[9])
            .zip(digit_at(10, code[10]))
            .map(|(tens, units)| tens * 10 + units);
        matches!(day, Some(1..=31 | 41..=71))
    };
    code.len() == 16
        && code.iter().enumerate().all(in_place)
        && day_exists()
        && check_character(&code[..15]) == code[15]
}

/// The check character of the first fifteen.
pub(super) fn check_character(code: &[u8]) -> u8 {
    let value = |(at, byte): (usize, &u8)| {
        let plain = if byte.is_ascii_digit() {
            byte - b'0'
        } else {
            byte - b'A'
        };
        let place_is_odd = at % 2 == 0;
        u16::from(if place_is_odd {
            ODD[usize::from(plain)]
        } else {
            plain
        })
    };
    let sum: u16 = code.iter().enumerate().map(value).sum();
    b'A' + u8::try_from(sum % 26).expect("a remainder of 26")
}

/// Eleven digits whose last is the check digit of the partita IVA's rule (Luhn), with a serial number.
pub(super) fn is_provisional(code: &[u8]) -> bool {
    if code.len() != 11 || !code.iter().all(u8::is_ascii_digit) {
        return false;
    }
    let value = |(at, byte): (usize, &u8)| {
        let digit = u16::from(byte - b'0');
        match (at % 2, digit) {
            (0, digit) => digit,
            (_, digit) if digit > 4 => digit * 2 - 9,
            (_, digit) => digit * 2,
        }
    };
    let sum: u16 = code.iter().enumerate().map(value).sum();
    sum.is_multiple_of(10) && code[..7].iter().any(|byte| *byte != b'0')
}

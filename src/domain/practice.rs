//! References to a practice.
use super::event::words;
use super::ids::text_id;

words!(
    /// The five kinds of reference.
    PracticeKind {
        Protocol = "protocol",
        Domus = "domus",
        Pension = "pension",
        Rdc = "rdc",
        Rem = "rem",
    }
);

text_id!(
    /// The number of a practice: opaque, trimmed by its publisher; only its register can judge it.
    PracticeNumber, "practice number", "^[!-~]{1,50}$", "1 to 50 visible ASCII characters",
    |text| (1..=50).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic())
);

//! What may stand in a log line in place of personal data.

/// An e-mail address by its first letter and its domain: `o***@inca.example`.
pub fn email(address: &str) -> String {
    match address.rsplit_once('@') {
        Some((local, domain)) if !domain.is_empty() => {
            let first: String = local.chars().take(1).filter(|c| c.is_alphanumeric()).collect();
            format!("{first}***@{}", one_line(domain))
        }
        Some(_) | None => "***".to_owned(),
    }
}

/// A text that others wrote, made harmless for a log: on one line, at most 200 characters, and without anything that
/// looks like a codice fiscale or an e-mail address.
pub fn one_line(text: &str) -> String {
    const LONGEST: usize = 200;
    let mut words: Vec<String> = Vec::new();
    for word in text
        .split(|c: char| c.is_whitespace() || c.is_control())
        .filter(|word| !word.is_empty())
    {
        words.push(if is_personal(word) {
            "***".to_owned()
        } else {
            word.to_owned()
        });
    }
    let line = words.join(" ");
    match line.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

fn is_personal(word: &str) -> bool {
    let mail = word.contains('@') && !word.contains("://");
    mail || word
        .split(|c: char| !c.is_ascii_alphanumeric())
        .any(looks_like_codice_fiscale)
}

/// Six letters, then ten letters and digits among which at least three digits (omocodia turns digits into letters).
fn looks_like_codice_fiscale(word: &str) -> bool {
    let bytes = word.as_bytes();
    bytes.len() == 16
        && bytes[..6].iter().all(u8::is_ascii_alphabetic)
        && bytes[6..].iter().filter(|byte| byte.is_ascii_digit()).count() >= 3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_keeps_its_domain_alone() {
        for (address, masked) in [
            ("op1@inca.example", "o***@inca.example"),
            ("\"a@b\"@inca.example", "***@inca.example"),
            ("nobody", "***"),
            ("x@", "***"),
        ] {
            assert_eq!(email(address), masked);
        }
    }

    #[test]
    fn what_others_wrote_cannot_forge_a_line_or_carry_a_person() {
        assert_eq!(one_line("550 no\r\nINFO fake line"), "550 no INFO fake line");
        assert_eq!(one_line("key (cf)=(BNCMRA50A01H501U) exists"), "key *** exists");
        assert_eq!(one_line("550 <op1@inca.example> unknown"), "550 *** unknown");
        assert_eq!(one_line(&"x".repeat(300)).chars().count(), 201);
    }
}

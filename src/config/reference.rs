//! Reads the comments of `config/default.toml`: the reference of every key is written there and nowhere else.

/// One key of the built-in file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Documented {
    /// Dotted, as in `http.listen`.
    pub key: String,
    /// As written in TOML.
    pub default: String,
    /// The comment above it, on one line.
    pub meaning: String,
    /// A key without a default, shown as a comment.
    pub optional: bool,
}

/// Every key of a commented TOML file, in its order.
pub fn keys(text: &str) -> Vec<Documented> {
    let mut section = String::new();
    let mut comment: Vec<&str> = Vec::new();
    let mut keys = Vec::new();
    for line in text.lines() {
        let (bare, is_comment) = match line.strip_prefix('#') {
            Some(comment) => (comment.trim(), true),
            None => (line.trim(), false),
        };
        if let Some(name) = bare
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'))
            .filter(|_| !is_comment)
        {
            section = format!("{name}.");
            comment.clear();
        } else if let Some((name, value)) = assignment(bare) {
            keys.push(Documented {
                key: format!("{section}{name}"),
                default: value.to_owned(),
                meaning: comment.join(" "),
                optional: is_comment,
            });
            comment.clear();
        } else if is_comment {
            comment.push(bare);
        } else {
            comment.clear();
        }
    }
    keys
}

/// `name = value`, where the name is one of a key: prose has spaces in it.
fn assignment(line: &str) -> Option<(&str, &str)> {
    let (name, value) = line.split_once(" = ")?;
    let is_name = !name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
    is_name.then_some((name, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_has_the_comment_right_above_it() {
        let text = "# About the file.\n\n[a]\n# First line,\n# and second: x = 1 is prose.\nb = 5\n# Optional.\n# c = \"d\"\n";
        let found = keys(text);
        assert_eq!(found.len(), 2);
        assert_eq!((found[0].key.as_str(), found[0].default.as_str()), ("a.b", "5"));
        assert_eq!(found[0].meaning, "First line, and second: x = 1 is prose.");
        assert_eq!((found[1].key.as_str(), found[1].optional), ("a.c", true));
    }
}

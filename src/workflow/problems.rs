//! What is wrong with a definition file: everything at once, each with its place, a caret and a way out.

use std::fmt::{self, Write as _};
use std::ops::Range;

/// One mistake at one place of one file.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
#[schemars(rename = "WorkflowProblem")]
pub struct Problem {
    pub file: String,
    /// From 1; 0 where the mistake is about the whole file.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
    pub message: String,
    pub help: Option<String>,
    #[serde(skip)]
    excerpt: Option<Excerpt>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Excerpt {
    line: String,
    carets: usize,
}

impl Problem {
    /// A mistake about a file as a whole.
    pub fn of_file(file: &str, message: impl Into<String>) -> Self {
        Self {
            file: file.to_owned(),
            line: 0,
            column: 0,
            message: message.into(),
            help: None,
            excerpt: None,
        }
    }

    /// A mistake at a range of bytes of `text`.
    pub fn at(file: &str, text: &str, range: Range<usize>, message: impl Into<String>) -> Self {
        let start = floor_boundary(text, range.start);
        let end = floor_boundary(text, range.end).max(start);
        let line_start = text[..start].rfind('\n').map_or(0, |newline| newline + 1);
        let line_end = text[start..]
            .find('\n')
            .map_or(text.len(), |newline| start + newline);
        let carets = text[start..end.min(line_end).max(start)].chars().count();
        Self {
            file: file.to_owned(),
            line: text[..start].matches('\n').count() + 1,
            column: text[line_start..start].chars().count() + 1,
            message: message.into(),
            help: None,
            excerpt: Some(Excerpt {
                line: text[line_start..line_end].trim_end().replace('\t', " "),
                carets: carets.max(1),
            }),
        }
    }

    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

fn floor_boundary(text: &str, mut at: usize) -> usize {
    at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(excerpt) = &self.excerpt else {
            write!(f, "{}: {}", self.file, self.message)?;
            return self
                .help
                .iter()
                .try_for_each(|help| write!(f, "\n  = help: {help}"));
        };
        let number = self.line.to_string();
        let margin = " ".repeat(number.len());
        writeln!(f, "{}:{}:{}: {}", self.file, self.line, self.column, self.message)?;
        writeln!(f, "{margin} |")?;
        writeln!(f, "{number} | {}", excerpt.line)?;
        let indent = " ".repeat(self.column - 1);
        write!(f, "{margin} | {indent}{}", "^".repeat(excerpt.carets))?;
        self.help
            .iter()
            .try_for_each(|help| write!(f, "\n{margin} = help: {help}"))
    }
}

/// All mistakes of one or more files, in reading order. Never empty.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(transparent)]
pub struct Problems(Vec<Problem>);

impl Problems {
    /// `Ok` if there is nothing to complain about.
    pub fn check(mut problems: Vec<Problem>) -> Result<(), Self> {
        if problems.is_empty() {
            return Ok(());
        }
        problems.sort_by(|a, b| (&a.file, a.line, a.column).cmp(&(&b.file, b.line, b.column)));
        problems.dedup();
        Err(Self(problems))
    }

    pub fn iter(&self) -> std::slice::Iter<'_, Problem> {
        self.0.iter()
    }

    pub fn into_vec(self) -> Vec<Problem> {
        self.0
    }
}

impl<'a> IntoIterator for &'a Problems {
    type Item = &'a Problem;
    type IntoIter = std::slice::Iter<'a, Problem>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for problem in &self.0 {
            write!(f, "{problem}\n\n")?;
        }
        match self.0.len() {
            1 => f.write_str("1 problem"),
            many => write!(f, "{many} problems"),
        }
    }
}

impl std::error::Error for Problems {}

/// "did you mean `replied`? events: ..." for a word that is none of `known`.
pub(super) fn suggest<'a>(word: &str, plural: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let known: Vec<&str> = known.into_iter().collect();
    let mut help = String::new();
    let nearest = known
        .iter()
        .map(|candidate| (distance(word, candidate), *candidate))
        .min();
    if let Some((_, candidate)) = nearest.filter(|(edits, _)| *edits <= word.chars().count().max(3) / 3) {
        write!(help, "did you mean `{candidate}`? ").expect("writing to a String succeeds");
    }
    write!(help, "{plural}: {}", known.join(", ")).expect("writing to a String succeeds");
    help
}

/// How many characters to insert, delete, replace or swap with their neighbour (restricted Damerau-Levenshtein).
fn distance(left: &str, right: &str) -> usize {
    let left: Vec<char> = left.chars().collect();
    let right: Vec<char> = right.chars().collect();
    let mut rows: Vec<Vec<usize>> = vec![(0..=right.len()).collect()];
    for (i, a) in left.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, b) in right.iter().enumerate() {
            let mut best = (rows[i][j] + usize::from(a != b))
                .min(rows[i][j + 1] + 1)
                .min(row[j] + 1);
            if i > 0 && j > 0 && *a == right[j - 1] && left[i - 1] == *b {
                best = best.min(rows[i - 1][j - 1] + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows[left.len()][right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_caret_stands_under_the_word_also_after_accents() {
        let text = "label = \"Già\"\nda = \"però\" # x\n";
        let start = text.find('x').unwrap();
        let problem = Problem::at("a.toml", text, start..start + 1, "no x").help("leave it out");
        assert_eq!(
            problem.to_string(),
            "a.toml:2:15: no x\n  |\n2 | da = \"però\" # x\n  |               ^\n  = help: leave it out"
        );
    }

    #[test]
    fn ranges_outside_the_text_do_no_harm() {
        let problem = Problem::at("a.toml", "è", 1..99, "odd");
        assert_eq!((problem.line, problem.column), (1, 1));
        assert_eq!(Problem::at("a.toml", "", 0..0, "empty").line, 1);
    }

    #[test]
    fn misspelt_words_get_their_nearest_neighbour() {
        let known = ["replied", "released", "closed"];
        assert!(suggest("replyed", "events", known).starts_with("did you mean `replied`?"));
        assert!(suggest("cloesd", "events", known).starts_with("did you mean `closed`?"));
        assert_eq!(
            suggest("nonsense", "events", known),
            "events: replied, released, closed"
        );
    }

    #[test]
    fn distances_count_edits() {
        for (left, right, edits) in [
            ("", "abc", 3),
            ("abc", "abc", 0),
            ("abcd", "acbd", 1),
            ("kitten", "sitting", 3),
        ] {
            assert_eq!(distance(left, right), edits, "{left} {right}");
        }
    }
}

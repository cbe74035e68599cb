//! What can be wrong with a definition whose words are known. Finds everything at once, changes nothing.

mod clock;
mod limits;
mod names;
mod rules;
mod shape;

use std::ops::Range;

use super::parse::draft::Draft;
use super::problems::Problem;

/// Collects problems of one file.
struct Checker<'a> {
    draft: &'a Draft,
    file: &'a str,
    text: &'a str,
    problems: Vec<Problem>,
}

impl Checker<'_> {
    fn wrong(&mut self, range: Range<usize>, message: impl Into<String>, help: impl Into<String>) {
        self.problems
            .push(Problem::at(self.file, self.text, range, message).help(help));
    }
}

pub(super) fn check(draft: &Draft, file: &str, text: &str) -> Vec<Problem> {
    let mut checker = Checker {
        draft,
        file,
        text,
        problems: Vec::new(),
    };
    checker.names();
    // What follows concludes from what is not there: a misspelt word would make it lie.
    if draft.complete && checker.problems.is_empty() {
        checker.shape();
        checker.rules();
        checker.limits();
        checker.clock();
    }
    checker.problems
}

#[cfg(test)]
mod tests;

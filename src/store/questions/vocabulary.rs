//! The words of requests as their documents hold them: stems, as the database's dictionary of Italian makes them.
//!
//! `to_tsvector` cost more than all else that a request writes: it parses every text and stems every word anew. Folded
//! texts are words of letters and digits, so there is nothing to parse; and the words people write are few, so a node
//! asks for the stem of each once.

use std::collections::{HashMap, HashSet};
use std::sync::{PoisonError, RwLock, RwLockReadGuard};

use sqlx::{Postgres, Transaction};

use crate::store::StoreError;

/// Words remembered at most. What comes after them is asked for each time.
const MOST: usize = 100_000;
/// A document holds no longer ones (bytes).
const LONGEST: usize = 2_046;

/// Stems by words; `None` for a word that says nothing, as articles do.
type Words = HashMap<Box<str>, Option<Box<str>>>;

/// What this node knows of stems. Nothing is ever forgotten.
#[derive(Debug, Default)]
pub(in crate::store) struct Vocabulary(RwLock<Words>);

/// The stems of a batch of texts: what this node knew, and what it learned of them and had no room to keep.
pub(super) struct Learned<'v> {
    known: &'v Vocabulary,
    new: Words,
}

/// Stems to look up.
pub(super) struct Stems<'v> {
    known: &'v Words,
    new: &'v Words,
}

impl Vocabulary {
    /// Learns the stems of all words of folded texts.
    pub(super) async fn stems<'a>(
        &self,
        texts: impl Iterator<Item = &'a str>,
        transaction: &mut Transaction<'static, Postgres>,
    ) -> Result<Learned<'_>, StoreError> {
        let unknown = self.unknown(texts);
        let new = if unknown.is_empty() {
            Words::new()
        } else {
            ask(unknown, transaction).await?
        };
        self.learn(&new);
        Ok(Learned { known: self, new })
    }

    fn unknown<'a>(&self, texts: impl Iterator<Item = &'a str>) -> Vec<String> {
        let known = self.words();
        let unknown: HashSet<&str> = texts
            .flat_map(words)
            .filter(|word| !known.contains_key(*word) && has_stem(word))
            .collect();
        unknown.into_iter().map(str::to_owned).collect()
    }

    fn words(&self) -> RwLockReadGuard<'_, Words> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn learn(&self, new: &Words) {
        if new.is_empty() {
            return;
        }
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let room = MOST.saturating_sub(known.len());
        known.extend(
            new.iter()
                .take(room)
                .map(|(word, stem)| (word.clone(), stem.clone())),
        );
    }
}

impl Learned<'_> {
    /// Looks something up; nobody learns meanwhile.
    pub(super) fn read<T>(&self, look: impl FnOnce(&Stems<'_>) -> T) -> T {
        let known = self.known.words();
        look(&Stems {
            known: &known,
            new: &self.new,
        })
    }
}

impl Stems<'_> {
    /// What a document holds of a folded text, in the order of its words and as often.
    pub(super) fn of<'t>(&'t self, text: &'t str) -> impl Iterator<Item = &'t str> {
        words(text).filter_map(|word| self.stem(word))
    }

    fn stem<'t>(&'t self, word: &'t str) -> Option<&'t str> {
        let stem = self.known.get(word).or_else(|| self.new.get(word));
        stem.map_or(Some(word), |stem| stem.as_deref())
    }
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split_whitespace().filter(|word| word.len() <= LONGEST)
}

/// What has a digit in it stands for itself.
fn has_stem(word: &str) -> bool {
    word.chars().all(char::is_alphabetic)
}

async fn ask(
    words: Vec<String>,
    transaction: &mut Transaction<'static, Postgres>,
) -> Result<Words, StoreError> {
    let rows = sqlx::query!(
        r#"
        select word as "word!", (ts_lexize('italian_stem', word))[1] as stem from unnest($1::text[]) as word
        "#,
        &words
    )
    .fetch_all(&mut **transaction)
    .await?;
    let words = rows
        .into_iter()
        .map(|row| (row.word.into(), row.stem.map(Into::into)));
    Ok(words.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vocabulary() -> Vocabulary {
        let vocabulary = Vocabulary::default();
        let known = [
            ("pratica", Some("pratic")),
            ("pratiche", Some("pratic")),
            ("della", None),
        ];
        vocabulary.learn(
            &known
                .map(|(word, stem)| (word.into(), stem.map(Into::into)))
                .into(),
        );
        vocabulary
    }

    #[test]
    fn a_document_holds_stems_and_what_has_none_as_it_is() {
        let text = "della pratica 7013  pratiche ";
        let known = vocabulary();
        assert_eq!(known.unknown(std::iter::once(text)), [""; 0]);
        let new = Words::new();
        let learned = Learned { known: &known, new };
        let stems = learned.read(|stems| stems.of(text).map(str::to_owned).collect::<Vec<_>>());
        assert_eq!(stems, ["pratic", "7013", "pratic"]);
    }

    #[test]
    fn only_words_of_letters_that_are_not_known_are_asked_for() {
        let long = "a".repeat(LONGEST + 1);
        let text = format!("pratica 7013 a1 àncora notizie notizie {long}");
        let mut unknown = vocabulary().unknown(std::iter::once(text.as_str()));
        unknown.sort_unstable();
        assert_eq!(unknown, ["notizie", "àncora"]);
    }
}

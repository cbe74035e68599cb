//! Looking for topics and sedi by words as people type them: case, accents and the ends of words do not matter.

use super::{NameKey, Sede, SedeKind, Topic};
use crate::domain::command::ContactReason;
use crate::domain::place::{Province, Region};

/// The words of a text, reduced for comparison.
fn words(text: &str) -> Vec<NameKey> {
    text.split(|character: char| !character.is_alphanumeric() && !is_inside(character))
        .map(NameKey::of)
        .filter(|word| !word.as_str().is_empty())
        .collect()
}

/// Apostrophes and accents written apart stand inside a word.
fn is_inside(character: char) -> bool {
    matches!(character, '\'' | '’' | '`') || ('\u{300}'..='\u{36f}').contains(&character)
}

fn begins(words: &[NameKey], wanted: &NameKey) -> bool {
    words
        .iter()
        .any(|word| word.as_str().starts_with(wanted.as_str()))
}

/// The topics of a reason that fit a text: each of its words begins one of the topic's label, keywords or
/// code. Those whose label begins with it come first, then those that have all of it in their label, then by label.
pub fn search_topics<'t>(
    topics: impl Iterator<Item = &'t Topic>,
    reason: Option<ContactReason>,
    text: &str,
) -> Vec<&'t Topic> {
    let wanted = words(text);
    let whole = NameKey::of(text);
    let mut found: Vec<_> = topics
        .filter(|topic| reason.is_none_or(|reason| topic.fits(reason)))
        .filter_map(|topic| Some((rank(topic, &wanted, &whole)?, NameKey::of(&topic.label), topic)))
        .collect();
    found.sort_by(|one, other| (one.0, &one.1, &one.2.code).cmp(&(other.0, &other.1, &other.2.code)));
    found.into_iter().map(|(_, _, topic)| topic).collect()
}

/// How well a topic fits, best first; `None` when it does not.
fn rank(topic: &Topic, wanted: &[NameKey], whole: &NameKey) -> Option<u8> {
    let label = words(&topic.label);
    if NameKey::of(&topic.label).as_str().starts_with(whole.as_str()) {
        return Some(0);
    }
    if wanted.iter().all(|word| begins(&label, word)) {
        return Some(1);
    }
    let mut all = label;
    all.extend(topic.keywords.iter().flat_map(|keyword| words(keyword)));
    all.extend(words(topic.code.as_str()));
    wanted.iter().all(|word| begins(&all, word)).then_some(2)
}

/// Which sedi are looked for.
#[derive(Debug, Clone, Default)]
pub struct SedeSearch {
    pub region: Option<Region>,
    pub province: Option<Province>,
    pub kind: Option<SedeKind>,
    /// Words of the name, the comune or the code.
    pub text: String,
}

impl SedeSearch {
    /// Whether a request can be sent to this sede, and it is one of those looked for.
    pub fn fits(&self, sede: &Sede) -> bool {
        let text = [sede.name.as_str(), &sede.comune, sede.code.as_str()];
        let words_of_sede: Vec<NameKey> = text.iter().flat_map(|text| words(text)).collect();
        Self::can_be_chosen(sede)
            && self.region.is_none_or(|region| sede.region == Some(region))
            && self
                .province
                .as_ref()
                .is_none_or(|province| sede.province.as_ref() == Some(province))
            && self.kind.is_none_or(|kind| sede.kind == kind)
            && words(&self.text).iter().all(|word| begins(&words_of_sede, word))
    }

    /// Desks are nobody's choice.
    pub fn can_be_chosen(sede: &Sede) -> bool {
        sede.active && sede.kind != SedeKind::Desk
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::domain::ids::{SedeCode, TopicCode};

    fn topic(code: &str, label: &str, keywords: &[&str]) -> Topic {
        Topic {
            code: TopicCode::parse(code).unwrap(),
            label: label.to_owned(),
            reasons: vec![ContactReason::AccessRequirements],
            first_level: false,
            keywords: keywords.iter().map(|&word| word.to_owned()).collect(),
        }
    }

    fn catalogue() -> Vec<Topic> {
        vec![
            topic(
                "pensioni-paesi-non-convenzionati",
                "PENSIONI PAESI NON CONVENZIONATI",
                &["estero"],
            ),
            topic(
                "pensioni-paesi-convenzionati",
                "PENSIONI PAESI CONVENZIONATI",
                &["estero"],
            ),
            topic("invalidita", "INVALIDITÀ CIVILE", &["accompagnamento", "l.104"]),
            topic("indennita", "INDENNITÀ DI ACCOMPAGNAMENTO", &[]),
            topic("pin-cittadini", "PIN-CITTADINI", &["credenziali", "SPID"]),
        ]
    }

    #[rstest]
    #[case::nothing_is_everything("", &["indennita", "invalidita", "pensioni-paesi-convenzionati", "pensioni-paesi-non-convenzionati", "pin-cittadini"])]
    #[case::case("Pensioni", &["pensioni-paesi-convenzionati", "pensioni-paesi-non-convenzionati"])]
    #[case::accents("invalidita", &["invalidita"])]
    #[case::accents_written("invalidità CIVILE", &["invalidita"])]
    #[case::beginnings_in_any_order("non pens", &["pensioni-paesi-non-convenzionati"])]
    #[case::a_keyword("spid", &["pin-cittadini"])]
    #[case::the_label_before_a_keyword("accomp", &["indennita", "invalidita"])]
    #[case::punctuation("L. 104", &["invalidita"])]
    #[case::the_beginning_of_a_label_first("pensioni paesi non", &["pensioni-paesi-non-convenzionati"])]
    #[case::not_the_middle_of_a_word("ensioni", &[])]
    fn r_059_topics_are_found_by_keyword(#[case] text: &str, #[case] expected: &[&str]) {
        let topics = catalogue();
        let found = search_topics(topics.iter(), None, text);
        assert_eq!(
            found.iter().map(|topic| topic.code.as_str()).collect::<Vec<_>>(),
            expected
        );
    }

    #[test]
    fn r_051_a_reason_opens_its_topics_only() {
        let topics = catalogue();
        let of = |reason| search_topics(topics.iter(), Some(reason), "pin").len();
        assert_eq!(of(ContactReason::AccessRequirements), 1);
        assert_eq!(of(ContactReason::RegulatoryClarification), 0);
    }

    fn sede(code: &str, kind: SedeKind, region: Region, province: &str, active: bool) -> Sede {
        Sede {
            code: SedeCode::parse(code).unwrap(),
            name: format!("SEDE {code}"),
            kind,
            region: Some(region),
            province: Some(Province::parse(province).unwrap()),
            address: String::new(),
            cap: None,
            comune: "L'AQUILA".to_owned(),
            protocol_code: None,
            email: None,
            active,
        }
    }

    #[test]
    fn r_073_region_and_province_narrow_the_sedi_down_to_those_that_can_be_chosen() {
        let sedi = [
            sede("roma", SedeKind::Sede, Region::Lazio, "RM", true),
            sede("pomezia", SedeKind::Agenzia, Region::Lazio, "RM", true),
            sede("latina", SedeKind::Sede, Region::Lazio, "LT", true),
            sede("chiusa", SedeKind::Sede, Region::Lazio, "RM", false),
            sede("lanciano", SedeKind::Agenzia, Region::Abruzzo, "CH", true),
            sede("lineainps", SedeKind::Desk, Region::Lazio, "RM", true),
        ];
        let found = |search: SedeSearch| {
            let fitting = sedi.iter().filter(|sede| search.fits(sede));
            fitting.map(|sede| sede.code.as_str()).collect::<Vec<_>>()
        };
        let everywhere = SedeSearch::default();
        assert_eq!(
            found(everywhere.clone()),
            ["roma", "pomezia", "latina", "lanciano"]
        );
        let lazio = SedeSearch {
            region: Some(Region::Lazio),
            ..everywhere
        };
        assert_eq!(found(lazio.clone()), ["roma", "pomezia", "latina"]);
        let rome = SedeSearch {
            province: Some(Province::parse("RM").unwrap()),
            ..lazio
        };
        assert_eq!(found(rome.clone()), ["roma", "pomezia"]);
        assert_eq!(
            found(SedeSearch {
                kind: Some(SedeKind::Agenzia),
                ..rome.clone()
            }),
            ["pomezia"]
        );
        assert_eq!(
            found(SedeSearch {
                text: "pome".to_owned(),
                ..rome
            }),
            ["pomezia"]
        );
        let by_comune = SedeSearch {
            text: "l’aquila".to_owned(),
            ..SedeSearch::default()
        };
        assert_eq!(found(by_comune).len(), 4);
    }
}

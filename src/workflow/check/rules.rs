//! Each rule by itself: who sends the event, what it carries, who must hear of it, whether it is ever asked.

use super::Checker;
use crate::domain::event::{Effect, EventKind, Party, PortalEvent, SedeMessage};
use crate::workflow::definition::Clause;
use crate::workflow::parse::draft::{DraftRule, DraftStep, Section};
use crate::workflow::vocabulary::{Change, Condition, effect_word, must_tell, senders};

impl Checker<'_> {
    pub(super) fn rules(&mut self) {
        let draft = self.draft;
        for rule in draft.rules() {
            self.parties(rule);
            self.carried(rule);
            self.guarded(rule);
            self.told(rule);
            self.handed_over(&rule.step);
        }
        for section in draft.sections() {
            self.shadowed(section);
            self.ignored(section);
        }
        self.opening();
    }

    fn parties(&mut self, rule: &DraftRule) {
        let event = rule.event;
        let allowed: Vec<&str> = senders(event).iter().map(|party| party.as_str()).collect();
        if rule.by.is_empty() {
            let help = format!("by takes some of: {}", allowed.join(", "));
            self.wrong(rule.range.clone(), format!("nobody may send `{event}`"), help);
        }
        for party in rule
            .by
            .iter()
            .filter(|party| !senders(event).contains(party.get_ref()))
        {
            let help = format!("who can: {}", allowed.join(", "));
            self.wrong(
                party.span(),
                format!("`{}` has no way to send `{event}`", party.get_ref()),
                help,
            );
        }
    }

    /// Words that read or write what only some events carry.
    fn carried(&mut self, rule: &DraftRule) {
        let fits = |events: Option<&[EventKind]>| events.is_none_or(|events| events.contains(&rule.event));
        for word in rule.conditions().filter(|word| !fits(word.get_ref().needs())) {
            let message = format!("`{}` means nothing for `{}`", word.get_ref(), rule.event);
            self.wrong(word.span(), message, word.get_ref().meaning());
        }
        for word in rule.step.set.iter().filter(|word| !fits(word.get_ref().needs())) {
            let message = format!("`{}` means nothing for `{}`", word.get_ref(), rule.event);
            self.wrong(word.span(), message, word.get_ref().meaning());
        }
    }

    fn guarded(&mut self, rule: &DraftRule) {
        for change in &rule.step.set {
            let guards = change.get_ref().guards();
            if let Some(guard) = guards.first()
                && !guards.iter().any(|guard| rule.requires(*guard))
            {
                let message = format!("`{}` without `{guard}`", change.get_ref());
                self.wrong(
                    change.span(),
                    message,
                    format!("add \"{guard}\" to `when`: {}", guard.meaning()),
                );
            }
        }
    }

    fn told(&mut self, rule: &DraftRule) {
        if let Some(effect) = must_tell(rule.event) {
            self.requires_effect(rule.range.clone(), &rule.step, effect);
        }
    }

    fn requires_effect(&mut self, range: std::ops::Range<usize>, step: &DraftStep, effect: Effect) {
        if !step.effects.iter().any(|word| *word.get_ref() == effect) {
            let word = effect_word(effect);
            self.wrong(
                range,
                format!("nobody is told: `do` lacks \"{word}\""),
                format!("add do = [\"{word}\"]"),
            );
        }
    }

    fn handed_over(&mut self, step: &DraftStep) {
        let changes_sede = step.sets(Change::HandOver);
        let to_previous =
            |effect: &&toml::Spanned<Effect>| matches!(effect.get_ref(), Effect::TellPreviousSede(_));
        if let Some(effect) = step.effects.iter().find(to_previous).filter(|_| !changes_sede) {
            let message = "there is no previous sede: the request stays where it is";
            self.wrong(
                effect.span(),
                message,
                "add \"hand_over\" to `set`, or tell \"sede:...\"",
            );
        }
        if let Some(change) = step
            .set
            .iter()
            .find(|change| *change.get_ref() == Change::HandOver)
        {
            self.requires_effect(
                change.span(),
                step,
                Effect::TellSede(SedeMessage::RequestAssigned),
            );
        }
    }

    /// An alternative that an earlier one always forestalls.
    fn shadowed(&mut self, section: &Section) {
        for (index, rule) in section.rules.iter().enumerate() {
            let forestalls = |earlier: &&DraftRule| {
                earlier.event == rule.event
                    && rule.by.iter().all(|party| covers(earlier, *party.get_ref()))
                    && earlier
                        .when
                        .iter()
                        .all(|clause| rule.when.iter().any(|other| implies(other, clause)))
            };
            if !rule.by.is_empty() && section.rules[..index].iter().any(|earlier| forestalls(&earlier)) {
                let message = format!(
                    "this way of `{}` is never taken: an earlier one always is",
                    rule.event
                );
                self.wrong(rule.range.clone(), message, "put the stricter alternative first");
            }
        }
    }

    fn ignored(&mut self, section: &Section) {
        for event in &section.ignored {
            if section.rules.iter().any(|rule| rule.event == *event.get_ref()) {
                let message = format!("`{}` is both ignored and given a rule", event.get_ref());
                self.wrong(event.span(), message, "keep one of the two");
            }
        }
    }

    fn opening(&mut self) {
        let draft = self.draft;
        let (Some(opening), Some(initial)) = (&draft.opening, &draft.initial) else {
            return;
        };
        for change in opening
            .set
            .iter()
            .filter(|change| *change.get_ref() != Change::StartClock)
        {
            let message = format!("`{}` means nothing at the opening", change.get_ref());
            self.wrong(change.span(), message, "an opening may set \"start_clock\"");
        }
        for effect in [
            Effect::TellPortal(PortalEvent::RequestAccepted),
            Effect::TellSede(SedeMessage::RequestAssigned),
        ] {
            self.requires_effect(initial.span(), opening, effect);
        }
        self.handed_over(opening);
        for timer in draft.timers() {
            self.handed_over(&timer.step);
        }
        let state = draft
            .states
            .iter()
            .find(|state| state.name.get_ref().as_str() == initial.get_ref());
        let own = state.into_iter().flat_map(|state| &state.section.rules);
        let routed = own.chain(&draft.always.rules).any(|rule| {
            rule.event == EventKind::Assigned
                && covers(rule, Party::Engine)
                && rule
                    .conditions()
                    .all(|condition| matches!(condition.get_ref(), Condition::OtherSede))
        });
        if !routed {
            let message = "the engine cannot route a request out of this state";
            let help = "give it on.assigned = { by = [\"engine\"], when = [\"other_sede\"], ... }";
            self.wrong(initial.span(), message, help);
        }
    }
}

/// The sender is one of the office.
fn covers(rule: &DraftRule, party: Party) -> bool {
    rule.by.iter().any(|other| {
        *other.get_ref() == party || (party == Party::Sender && *other.get_ref() == Party::Office)
    })
}

/// Whether `other` holding is enough for `clause` to hold.
fn implies(other: &Clause<toml::Spanned<Condition>>, clause: &Clause<toml::Spanned<Condition>>) -> bool {
    other.conditions().all(|condition| {
        clause
            .conditions()
            .any(|wanted| wanted.get_ref() == condition.get_ref())
    })
}

//! A workflow as a picture: Mermaid for documents, SVG for pages, with the counts of live requests if given.

mod layout;
mod mermaid;
mod svg;

use std::collections::BTreeMap;

pub use mermaid::mermaid;
pub use svg::svg;

use super::definition::{State, Workflow};
use super::vocabulary::Change;
use crate::domain::calendar::DayCount;
use crate::domain::case::StateName;
use crate::domain::event::EventKind;

/// How many requests stand in a state now.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Count {
    pub total: u64,
    /// Of these, how many have waited too long.
    pub overdue: u64,
}

pub type Counts = BTreeMap<StateName, Count>;

/// What is drawn, in Italian.
struct Picture<'a> {
    title: &'a str,
    initial: usize,
    nodes: Vec<Node<'a>>,
    edges: Vec<Edge>,
    /// What may happen in every state without leaving it.
    always: Vec<String>,
}

struct Node<'a> {
    name: &'a StateName,
    label: &'a str,
    terminal: bool,
    /// What may happen here without leaving.
    stays: Vec<String>,
}

/// All ways from one state to another.
struct Edge {
    from: usize,
    to: usize,
    labels: Vec<String>,
}

impl<'a> Picture<'a> {
    fn of(workflow: &'a Workflow) -> Self {
        let mut picture = Self {
            title: &workflow.title,
            initial: workflow.initial.0,
            nodes: Vec::new(),
            edges: Vec::new(),
            always: Vec::new(),
        };
        for (index, state) in workflow.states.iter().enumerate() {
            picture.nodes.push(Node {
                name: &state.name,
                label: &state.label,
                terminal: state.terminal,
                stays: Vec::new(),
            });
            picture.add_ways(workflow, index, state);
        }
        picture
    }

    fn add_ways(&mut self, workflow: &Workflow, from: usize, state: &State) {
        let rules = state
            .rules
            .iter()
            .map(|rule| (noun(rule.event).to_owned(), &rule.step, rule.always));
        let days = workflow.calendar.days;
        let timers = state.timers.iter().map(|timer| {
            let late = if timer.step.set.contains(&Change::FlagOverdue) {
                ": in ritardo"
            } else {
                ""
            };
            (
                format!("{}{late}", after(timer.days, days)),
                &timer.step,
                timer.always,
            )
        });
        for (label, step, always) in rules.chain(timers) {
            match step.to.map(|to| to.0).filter(|to| *to != from) {
                Some(to) => self.add_edge(from, to, label),
                None if always => add(&mut self.always, label),
                None => add(&mut self.nodes[from].stays, label),
            }
        }
    }

    fn add_edge(&mut self, from: usize, to: usize, label: String) {
        if let Some(edge) = self
            .edges
            .iter_mut()
            .find(|edge| (edge.from, edge.to) == (from, to))
        {
            add(&mut edge.labels, label);
        } else {
            self.edges.push(Edge {
                from,
                to,
                labels: vec![label],
            });
        }
    }
}

/// Alternatives of one event are one way in the picture.
fn add(labels: &mut Vec<String>, label: String) {
    if !labels.contains(&label) {
        labels.push(label);
    }
}

fn after(days: u16, count: DayCount) -> String {
    match count {
        DayCount::Calendar if days == 1 => "dopo 1 giorno".to_owned(),
        DayCount::Calendar => format!("dopo {days} giorni"),
        DayCount::Working if days == 1 => "dopo 1 giorno lavorativo".to_owned(),
        DayCount::Working => format!("dopo {days} giorni lavorativi"),
    }
}

/// An event in Italian, for pictures and histories: "risposta".
pub const fn noun(event: EventKind) -> &'static str {
    match event {
        EventKind::Submitted => "invio",
        EventKind::Assigned => "assegnazione",
        EventKind::Transferred => "trasferimento",
        EventKind::Taken => "presa in carico",
        EventKind::Released => "rilascio",
        EventKind::Replied => "risposta",
        EventKind::Closed => "chiusura",
        EventKind::Noted => "nota interna",
        EventKind::Messaged => "nuovo messaggio",
        EventKind::Attached => "allegato",
        EventKind::Solicited => "sollecito",
        EventKind::Booked => "prenotazione",
        EventKind::AppointmentEnabled => "appuntamento abilitato",
        EventKind::AppointmentConfirmed => "appuntamento confermato",
        EventKind::AppointmentCancelled => "appuntamento annullato",
        EventKind::Elapsed => "scadenza",
    }
}

/// "128 richieste, 6 oltre i giorni".
fn count_text(count: Count) -> String {
    let requests = if count.total == 1 {
        "richiesta"
    } else {
        "richieste"
    };
    match count.overdue {
        0 => format!("{} {requests}", count.total),
        overdue => format!("{} {requests}, {overdue} oltre i giorni", count.total),
    }
}

#[cfg(test)]
mod tests;

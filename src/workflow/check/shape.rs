//! The graph of states: all reachable, none a trap, no endless loop of timers.

use petgraph::algo::kosaraju_scc;
use petgraph::graphmap::DiGraphMap;
use petgraph::visit::Dfs;

use super::Checker;
use crate::workflow::parse::draft::{Draft, DraftState, DraftStep};

type Graph = DiGraphMap<usize, ()>;

impl Checker<'_> {
    pub(super) fn shape(&mut self) {
        self.unreachable();
        self.ways_out();
        self.timer_loops();
    }

    fn unreachable(&mut self) {
        let draft = self.draft;
        let graph = graph(draft, |state| {
            steps(draft, state).chain(timers(draft, state)).collect()
        });
        let start = draft
            .initial
            .as_ref()
            .and_then(|name| position(draft, name.get_ref()));
        let mut reached = vec![false; draft.states.len()];
        if let Some(start) = start {
            let mut walk = Dfs::new(&graph, start);
            while let Some(index) = walk.next(&graph) {
                reached[index] = true;
            }
        }
        for (state, _) in draft.states.iter().zip(reached).filter(|(_, reached)| !reached) {
            let name = state.name.get_ref();
            let help = format!("let an event or a timer lead here with to = \"{name}\", or leave it out");
            self.wrong(
                state.name.span(),
                format!("state `{name}` can never be reached"),
                help,
            );
        }
    }

    fn ways_out(&mut self) {
        let draft = self.draft;
        for (index, state) in draft.states.iter().enumerate() {
            let mut targets = steps(draft, state)
                .chain(timers(draft, state))
                .filter_map(|step| target(draft, step));
            let leaves = targets.any(|target| target != index);
            let name = state.name.get_ref();
            match (state.terminal, leaves) {
                (false, false) => self.wrong(
                    state.name.span(),
                    format!("state `{name}` has no way out"),
                    "give it an event or a timer with `to`, or say final = true",
                ),
                (true, true) => self.wrong(
                    state.name.span(),
                    format!("state `{name}` is final and has a way out"),
                    "leave out final = true, or what leads out of it",
                ),
                (false, true) | (true, false) => {}
            }
        }
    }

    /// Timers alone must come to rest: no state may be reached again without anybody doing anything.
    fn timer_loops(&mut self) {
        let draft = self.draft;
        let graph = graph(draft, |state| timers(draft, state).collect());
        for component in kosaraju_scc(&graph)
            .into_iter()
            .filter(|component| component.len() > 1)
        {
            let mut names: Vec<&str> = component
                .iter()
                .map(|index| draft.states[*index].name.get_ref().as_str())
                .collect();
            names.sort_unstable();
            let range = draft.states[component[0]].name.span();
            let message = format!("timers lead in a circle: {}", names.join(", "));
            self.wrong(
                range,
                message,
                "let one of them be left by an event instead of `after`",
            );
        }
    }
}

fn graph<'d>(draft: &'d Draft, steps: impl Fn(&'d DraftState) -> Vec<&'d DraftStep>) -> Graph {
    let mut graph = Graph::new();
    for (from, state) in draft.states.iter().enumerate() {
        graph.add_node(from);
        for to in steps(state)
            .into_iter()
            .filter_map(|step| target(draft, step))
            .filter(|to| *to != from)
        {
            graph.add_edge(from, to, ());
        }
    }
    graph
}

/// What events do in a state, `[always]` included where the state does not speak of the event itself.
fn steps<'d>(draft: &'d Draft, state: &'d DraftState) -> impl Iterator<Item = &'d DraftStep> {
    let own = &state.section;
    let inherited = draft.always.rules.iter().filter(|rule| {
        !own.rules.iter().any(|other| other.event == rule.event)
            && !own.ignored.iter().any(|event| *event.get_ref() == rule.event)
    });
    own.rules.iter().chain(inherited).map(|rule| &rule.step)
}

fn timers<'d>(draft: &'d Draft, state: &'d DraftState) -> impl Iterator<Item = &'d DraftStep> {
    state
        .section
        .timers
        .iter()
        .chain(&draft.always.timers)
        .map(|timer| &timer.step)
}

fn target(draft: &Draft, step: &DraftStep) -> Option<usize> {
    position(draft, step.to.as_ref()?.get_ref())
}

fn position(draft: &Draft, name: &str) -> Option<usize> {
    draft
        .states
        .iter()
        .position(|state| state.name.get_ref().as_str() == name)
}

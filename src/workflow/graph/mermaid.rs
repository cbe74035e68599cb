//! The graph as a Mermaid state diagram.

use std::fmt::Write as _;

use super::{Counts, Picture, count_text};
use crate::workflow::definition::Workflow;

/// A `stateDiagram-v2`. Labels of several ways between the same states stand on one arrow.
pub fn mermaid(workflow: &Workflow, counts: Option<&Counts>) -> String {
    let picture = Picture::of(workflow);
    let mut text = format!(
        "---\ntitle: {}\n---\nstateDiagram-v2\n    direction LR\n",
        clean(picture.title)
    );
    write_states(&mut text, &picture, counts).expect("writing to a String succeeds");
    text
}

fn write_states(text: &mut String, picture: &Picture<'_>, counts: Option<&Counts>) -> std::fmt::Result {
    for node in &picture.nodes {
        let count = counts.map(|counts| counts.get(node.name).copied().unwrap_or_default());
        let count = count.map_or_else(String::new, |count| format!("<br>{}", count_text(count)));
        writeln!(
            text,
            "    state \"{}{count}\" as {}",
            clean(node.label),
            node.name
        )?;
    }
    writeln!(
        text,
        "    [*] --> {} : invio",
        picture.nodes[picture.initial].name
    )?;
    for edge in &picture.edges {
        let (from, to) = (picture.nodes[edge.from].name, picture.nodes[edge.to].name);
        writeln!(text, "    {from} --> {to} : {}", edge.labels.join(", "))?;
    }
    for node in &picture.nodes {
        if !node.stays.is_empty() {
            writeln!(
                text,
                "    {0} --> {0} : {1}",
                node.name,
                clean(&node.stays.join(", "))
            )?;
        }
        if node.terminal {
            writeln!(text, "    {} --> [*]", node.name)?;
        }
    }
    if !picture.always.is_empty() {
        let name = picture.nodes[picture.initial].name;
        writeln!(
            text,
            "    note left of {name}\n        In ogni stato: {}\n    end note",
            picture.always.join(", ")
        )?;
    }
    Ok(())
}

/// Mermaid has no escape for these inside labels.
fn clean(label: &str) -> String {
    label.replace(['"', ';', '\n'], " ").replace(':', " -")
}

//! The graph as an SVG that needs no script, no style sheet and no second look: every fact is also text.

use std::fmt::Write as _;

use super::layout::{BOX_WIDTH, LINE, Layout, Place, Route, layout};
use super::{Count, Counts, Edge, Node, Picture, count_text};
use crate::workflow::definition::Workflow;

const BLUE: &str = "#0066cc";
const INK: &str = "#17324d";
const QUIET: &str = "#455b71";
const ALARM: &str = "#a50021";
/// Characters that fit into a box beside its padding.
const BOX_CHARACTERS: usize = 22;

/// A picture of the workflow; with `counts`, each state tells how many requests stand in it.
pub fn svg(workflow: &Workflow, counts: Option<&Counts>) -> String {
    let picture = Picture::of(workflow);
    let boxes: Vec<BoxText> = picture
        .nodes
        .iter()
        .map(|node| BoxText::of(node, counts))
        .collect();
    let heights: Vec<i32> = boxes.iter().map(BoxText::height).collect();
    let footer = footer(&picture);
    let layout = layout(&picture, &heights, footer.len());
    let mut text = String::new();
    let mut draw = || -> std::fmt::Result {
        open(&mut text, &picture, &layout)?;
        entry(&mut text, layout.places[picture.initial])?;
        for (edge, route) in picture.edges.iter().zip(&layout.routes) {
            way(&mut text, &picture, edge, route)?;
        }
        for (edge, route) in picture.edges.iter().zip(&layout.routes) {
            way_labels(&mut text, edge, route)?;
        }
        for ((node, content), place) in picture.nodes.iter().zip(&boxes).zip(&layout.places) {
            state(&mut text, node, content, *place)?;
        }
        for (line, y) in footer
            .iter()
            .zip((layout.footer..).step_by(usize::try_from(LINE).unwrap_or(1)))
        {
            writeln!(
                text,
                r#"<text x="24" y="{y}" fill="{QUIET}">{}</text>"#,
                escape(line)
            )?;
        }
        writeln!(text, "</svg>")
    };
    draw().expect("writing to a String succeeds");
    text
}

/// The lines of a state's box.
struct BoxText {
    label: Vec<String>,
    count: Option<Count>,
    stays: Vec<String>,
}

impl BoxText {
    fn of(node: &Node<'_>, counts: Option<&Counts>) -> Self {
        Self {
            label: wrap(node.label, BOX_CHARACTERS),
            count: counts.map(|counts| counts.get(node.name).copied().unwrap_or_default()),
            stays: node.stays.clone(),
        }
    }

    fn height(&self) -> i32 {
        let lines = self.label.len() + usize::from(self.count.is_some()) + self.stays.len();
        let rule = if self.stays.is_empty() { 0 } else { 12 };
        i32::try_from(lines).unwrap_or(0) * LINE + 26 + rule
    }
}

fn open(text: &mut String, picture: &Picture<'_>, layout: &Layout) -> std::fmt::Result {
    let Layout { width, height, .. } = layout;
    writeln!(
        text,
        r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img" aria-labelledby="flow-title flow-description" font-family="'Titillium Web', 'DejaVu Sans', sans-serif" font-size="14">"#
    )?;
    writeln!(
        text,
        r#"<title id="flow-title">{}</title>"#,
        escape(picture.title)
    )?;
    writeln!(
        text,
        r#"<desc id="flow-description">{}</desc>"#,
        escape(&description(picture))
    )?;
    writeln!(
        text,
        r#"<defs><marker id="tip" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="8" markerHeight="8" orient="auto-start-reverse"><path d="M0,0 L10,5 L0,10 z" fill="{INK}"/></marker></defs>"#
    )?;
    writeln!(
        text,
        r##"<rect width="{width}" height="{height}" fill="#ffffff"/>"##
    )?;
    writeln!(
        text,
        r#"<text x="24" y="32" font-size="18" font-weight="600" fill="{INK}">{}</text>"#,
        escape(picture.title)
    )
}

/// The picture in words, for those who do not see it.
fn description(picture: &Picture<'_>) -> String {
    let label = |index: usize| picture.nodes[index].label;
    let mut words = format!("Una richiesta inviata è nello stato {}.", label(picture.initial));
    for edge in &picture.edges {
        let (from, to) = (label(edge.from), label(edge.to));
        write!(words, " Da {from} a {to}: {}.", edge.labels.join(", "))
            .expect("writing to a String succeeds");
    }
    words
}

fn entry(text: &mut String, place: Place) -> std::fmt::Result {
    let y = place.y + place.height / 2;
    let end = place.x - 2;
    writeln!(text, r#"<circle cx="30" cy="{y}" r="6" fill="{INK}"/>"#)?;
    writeln!(
        text,
        r#"<path d="M36,{y} H{end}" fill="none" stroke="{INK}" stroke-width="1.5" marker-end="url(#tip)"/>"#
    )?;
    writeln!(
        text,
        r#"<text x="62" y="{}" text-anchor="middle" fill="{INK}">invio</text>"#,
        y - 8
    )
}

fn way(text: &mut String, picture: &Picture<'_>, edge: &Edge, route: &Route) -> std::fmt::Result {
    let (from, to) = (picture.nodes[edge.from].name, picture.nodes[edge.to].name);
    writeln!(
        text,
        r#"<path id="way-{from}-{to}" d="{}" fill="none" stroke="{INK}" stroke-width="1.5" marker-end="url(#tip)"/>"#,
        route.path
    )
}

/// Drawn after all ways, with a white rim, so that no line runs through a word.
fn way_labels(text: &mut String, edge: &Edge, route: &Route) -> std::fmt::Result {
    edge.labels.iter().zip(0..).try_for_each(|(label, row)| {
        writeln!(
            text,
            r##"<text x="{}" y="{}" text-anchor="middle" fill="{INK}" stroke="#ffffff" stroke-width="4" paint-order="stroke">{}</text>"##,
            route.label_x,
            route.label_y + row * LINE,
            escape(label)
        )
    })
}

fn state(text: &mut String, node: &Node<'_>, content: &BoxText, place: Place) -> std::fmt::Result {
    let Place { x, y, height } = place;
    let middle = x + BOX_WIDTH / 2;
    writeln!(text, r#"<g id="state-{}">"#, node.name)?;
    let border = if node.terminal { 4 } else { 2 };
    writeln!(
        text,
        r##"<rect x="{x}" y="{y}" width="{BOX_WIDTH}" height="{height}" rx="8" fill="#f5f9ff" stroke="{BLUE}" stroke-width="{border}"/>"##
    )?;
    let mut baseline = y + 26;
    for line in &content.label {
        writeln!(
            text,
            r#"<text x="{middle}" y="{baseline}" text-anchor="middle" font-size="16" font-weight="600" fill="{INK}">{}</text>"#,
            escape(line)
        )?;
        baseline += LINE;
    }
    if let Some(count) = content.count {
        let colour = if count.overdue > 0 { ALARM } else { INK };
        writeln!(
            text,
            r#"<text x="{middle}" y="{baseline}" text-anchor="middle" fill="{colour}">{}</text>"#,
            count_text(count)
        )?;
        baseline += LINE;
    }
    if !content.stays.is_empty() {
        let rule = baseline - 8;
        writeln!(
            text,
            r##"<path d="M{x},{rule} h{BOX_WIDTH}" stroke="#b3d1f0" stroke-width="1"/>"##
        )?;
        baseline += 12;
    }
    for stay in &content.stays {
        writeln!(
            text,
            r#"<text x="{middle}" y="{baseline}" text-anchor="middle" fill="{QUIET}">{}</text>"#,
            escape(stay)
        )?;
        baseline += LINE;
    }
    writeln!(text, "</g>")
}

fn footer(picture: &Picture<'_>) -> Vec<String> {
    if picture.always.is_empty() {
        return Vec::new();
    }
    wrap(&format!("In ogni stato: {}.", picture.always.join(", ")), 100)
}

/// Breaks at spaces into lines of at most `width` characters; longer words stay whole.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            Some(_) | None => lines.push(word.to_owned()),
        }
    }
    lines
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

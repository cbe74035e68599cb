//! Puts a summary on pages: type sizes, colours, distances.

use super::PdfError;
use super::flow::{Flow, Kind, LEFT, NodeId, RIGHT};
use super::text::{Ink, Style, Typesetter, Weight};
use crate::documents::summary::{Block, Content, Entry, Fact, File, Hand, INTERNAL, Summary};

pub(super) const INK: Ink = Ink(0x17, 0x32, 0x4d);
pub(super) const FAINT: Ink = Ink(0x45, 0x5a, 0x70);
pub(super) const RULE: Ink = Ink(0xb1, 0xba, 0xc4);
const HAIR: Ink = Ink(0xe3, 0xe7, 0xeb);
const PATRONATO: Ink = Ink(0x00, 0x57, 0xb8);
const SEDE: Ink = Ink(0x00, 0x70, 0x4d);
const WARNING: Ink = Ink(0x99, 0x5c, 0x00);
const PALE: Ink = Ink(0xff, 0xf4, 0xe0);

const TITLE: Style = style(Weight::Bold, 20.0, INK);
const NUMBER: Style = style(Weight::Bold, 13.0, INK);
const HEADING: Style = style(Weight::Bold, 12.5, INK);
const ENTRY: Style = style(Weight::Bold, 10.0, INK);
const BODY: Style = style(Weight::Regular, 10.0, INK);
const STRONG: Style = style(Weight::Bold, 10.0, INK);
const NAME: Style = style(Weight::Regular, 10.0, FAINT);
const META: Style = style(Weight::Regular, 8.5, FAINT);

/// Where the values of facts begin.
const VALUES: f32 = LEFT + 150.0;
/// How far the history stands in.
const INDENT: f32 = 14.0;

const fn style(weight: Weight, size: f32, ink: Ink) -> Style {
    Style { weight, size, ink }
}

pub(super) fn compose(summary: &Summary, typesetter: &mut Typesetter) -> Result<Flow, PdfError> {
    let mut composer = Composer {
        flow: Flow::new(),
        typesetter,
    };
    composer.title(summary)?;
    for section in &summary.sections {
        let node = composer.flow.node(None, Kind::Section);
        composer.heading(section.heading, node)?;
        match &section.content {
            Content::Blocks(blocks) => composer.blocks(blocks, LEFT, node)?,
            Content::Timeline(entries) => composer.timeline(summary, entries, node)?,
        }
    }
    Ok(composer.flow)
}

struct Composer<'t> {
    flow: Flow,
    typesetter: &'t mut Typesetter,
}

impl Composer<'_> {
    fn title(&mut self, summary: &Summary) -> Result<(), PdfError> {
        const HEADLINE: &str = "Riepilogo della richiesta";
        let heading = Kind::Heading {
            level: 1,
            title: HEADLINE.to_owned(),
        };
        let node = self.flow.node(None, heading);
        self.put(HEADLINE, TITLE, LEFT, node)?;
        self.paragraph(&summary.protocol.to_string(), NUMBER, LEFT, None)?;
        let lead = format!("Aperta il {} · {}", summary.opened_at.day(), summary.state);
        self.paragraph(&lead, NAME, LEFT, None)?;
        if summary.internal {
            self.flow.space(6.0);
            let from = self.flow.here();
            self.flow.space(5.0);
            self.paragraph(INTERNAL, STRONG, LEFT + INDENT, None)?;
            self.flow.space(5.0);
            self.flow.behind(from, LEFT, RIGHT - LEFT, PALE);
            self.flow.behind(from, LEFT, 3.0, WARNING);
        }
        Ok(())
    }

    fn heading(&mut self, heading: &str, section: NodeId) -> Result<(), PdfError> {
        self.flow.space(16.0);
        // Not without some lines of what it heads.
        self.flow.keep(90.0);
        self.flow.bookmark(heading);
        let kind = Kind::Heading {
            level: 2,
            title: heading.to_owned(),
        };
        let node = self.flow.node(Some(section), kind);
        self.put(heading, HEADING, LEFT, node)?;
        self.flow.space(1.0);
        self.flow.rule(0.8, RULE);
        self.flow.space(4.0);
        Ok(())
    }

    fn blocks(&mut self, blocks: &[Block], x: f32, node: NodeId) -> Result<(), PdfError> {
        for block in blocks {
            match block {
                Block::Facts(facts) => self.facts(facts, node)?,
                Block::Text(text) => self.said(text, x, node)?,
                Block::Remark(remark) => {
                    self.paragraph(remark, NAME, x, Some(node))?;
                    self.flow.space(2.0);
                }
                Block::Files(files) => self.files(files, x, node)?,
            }
        }
        Ok(())
    }

    fn facts(&mut self, facts: &[Fact], parent: NodeId) -> Result<(), PdfError> {
        let table = self.flow.node(Some(parent), Kind::Table);
        for fact in facts {
            let row = self.flow.node(Some(table), Kind::Row);
            let header = self.flow.node(Some(row), Kind::RowHeader);
            let cell = self.flow.node(Some(row), Kind::Cell);
            let name = self.typesetter.lines(fact.name, NAME, VALUES - LEFT - 10.0)?;
            let value = self
                .typesetter
                .lines(&one_line(&fact.value), STRONG, RIGHT - VALUES)?;
            self.flow.space(2.5);
            self.flow.row((name, LEFT, header), (value, VALUES, cell));
            self.flow.space(2.5);
            self.flow.rule(0.5, HAIR);
        }
        Ok(())
    }

    /// What somebody wrote: a paragraph for each of its lines.
    fn said(&mut self, text: &str, x: f32, parent: NodeId) -> Result<(), PdfError> {
        for line in text.split('\n') {
            if line.trim().is_empty() {
                self.flow.space(BODY.size * 0.7);
            } else {
                self.paragraph(line, BODY, x, Some(parent))?;
            }
        }
        self.flow.space(4.0);
        Ok(())
    }

    fn files(&mut self, files: &[File], x: f32, parent: NodeId) -> Result<(), PdfError> {
        let list = self.flow.node(Some(parent), Kind::List);
        for file in files {
            let item = self.flow.node(Some(list), Kind::Item);
            let body = self.flow.node(Some(item), Kind::ItemBody);
            let text = format!("– {} ({})", one_line(&file.name), file.size);
            self.put(&text, BODY, x, body)?;
        }
        self.flow.space(4.0);
        Ok(())
    }

    fn timeline(&mut self, summary: &Summary, entries: &[Entry], parent: NodeId) -> Result<(), PdfError> {
        let list = self.flow.node(Some(parent), Kind::List);
        for entry in entries {
            self.flow.space(6.0);
            self.flow.keep(60.0);
            let from = self.flow.here();
            let item = self.flow.node(Some(list), Kind::Item);
            let body = self.flow.node(Some(item), Kind::ItemBody);
            self.paragraph(&entry.what, ENTRY, LEFT + INDENT, Some(body))?;
            let meta = format!("{} · {} · {}", entry.at, one_line(&entry.who), summary.protocol);
            self.paragraph(&meta, META, LEFT + INDENT, Some(body))?;
            self.flow.space(2.0);
            self.blocks(&entry.blocks, LEFT + INDENT, body)?;
            let bar = match entry.hand {
                Hand::Patronato => PATRONATO,
                Hand::Sede => SEDE,
                Hand::Engine => RULE,
                Hand::Internal => {
                    self.flow.behind(from, LEFT, RIGHT - LEFT, PALE);
                    WARNING
                }
            };
            self.flow.behind(from, LEFT, 3.0, bar);
        }
        Ok(())
    }

    fn paragraph(
        &mut self,
        text: &str,
        style: Style,
        x: f32,
        parent: Option<NodeId>,
    ) -> Result<(), PdfError> {
        let node = self.flow.node(parent, Kind::Paragraph);
        self.put(text, style, x, node)
    }

    fn put(&mut self, text: &str, style: Style, x: f32, node: NodeId) -> Result<(), PdfError> {
        let lines = self.typesetter.lines(text, style, RIGHT - x)?;
        self.flow.lines(lines, x, node);
        Ok(())
    }
}

/// Names and values that came with line breaks are still one.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

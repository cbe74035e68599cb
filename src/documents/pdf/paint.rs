//! From placed lines to the bytes of a PDF, with tags, bookmarks, running head and foot.

use std::num::NonZeroU16;

use krilla::Document;
use krilla::SerializeSettings;
use krilla::color::rgb;
use krilla::configure::{Accessibility, Archival, ConfigurationBuilder};
use krilla::destination::XyzDestination;
use krilla::geom::{PathBuilder, Point, Rect};
use krilla::metadata::{DateTime, Metadata};
use krilla::outline::{Outline, OutlineNode};
use krilla::page::PageSettings;
use krilla::paint::Fill;
use krilla::surface::Surface;
use krilla::tagging::{
    Artifact, ArtifactType, ContentTag, Identifier, ListNumbering, SpanTag, TableHeaderScope, Tag, TagGroup,
    TagKind, TagTree,
};

use super::PdfError;
use super::compose::{FAINT, INK, RULE};
use super::flow::{Area, Bookmark, Child, Flow, HEIGHT, Kind, LEFT, Node, NodeId, PlacedLine, RIGHT, WIDTH};
use super::text::{Ink, Line, Style, Typesetter, Weight};
use crate::documents::moment::Moment;
use crate::documents::summary::{INTERNAL, Summary};

const LANGUAGE: &str = "it-IT";
const SMALL: Style = Style {
    weight: Weight::Regular,
    size: 8.0,
    ink: FAINT,
};
const BRAND: Style = Style {
    weight: Weight::Bold,
    size: 10.0,
    ink: INK,
};
const HEAD: f32 = 40.0;
const FOOT: f32 = HEIGHT - 52.0;

pub(super) fn paint(
    summary: &Summary,
    flow: &Flow,
    typesetter: &mut Typesetter,
) -> Result<Vec<u8>, PdfError> {
    let configuration = ConfigurationBuilder::new()
        .with_archival_validator(Archival::A2_A)
        .with_accessibility_validator(Accessibility::UA1)
        .finish()
        .map_err(|_| PdfError::Standards)?;
    let mut document = Document::new_with(SerializeSettings {
        configuration,
        enable_tagging: true,
        ..SerializeSettings::default()
    });
    let mut marked: Vec<Option<Identifier>> = vec![None; flow.line_count()];
    let count = flow.pages.len();
    for (index, page) in flow.pages.iter().enumerate() {
        let around = Around::new(summary, typesetter, index + 1, count)?;
        let settings = PageSettings::from_wh(WIDTH, HEIGHT).ok_or(PdfError::Standards)?;
        let mut sheet = document.start_page_with(settings);
        let mut surface = sheet.surface();
        around.paint(&mut surface);
        page.areas.iter().for_each(|area| fill(&mut surface, area));
        for placed in &page.lines {
            let identifier = surface.start_tagged(ContentTag::Span(SpanTag::empty()));
            draw(&mut surface, &placed.line, placed.x, placed.y);
            surface.end_tagged();
            marked[placed.number] = Some(identifier);
        }
        surface.finish();
        sheet.finish();
    }
    document.set_tag_tree(tree(flow, &mut marked));
    document.set_outline(outline(&flow.bookmarks));
    document.set_metadata(metadata(summary));
    Ok(document.finish()?)
}

/// What stands round the text of every page.
struct Around {
    lines: Vec<PlacedLine>,
}

impl Around {
    fn new(
        summary: &Summary,
        typesetter: &mut Typesetter,
        page: usize,
        count: usize,
    ) -> Result<Self, PdfError> {
        let mut around = Self { lines: Vec::new() };
        let mut add = |text: &str, style, y, right: bool| {
            for line in typesetter.lines(text, style, RIGHT - LEFT)?.into_iter().take(1) {
                let x = if right { RIGHT - line.width } else { LEFT };
                around.lines.push(PlacedLine {
                    line,
                    x,
                    y,
                    number: 0,
                });
            }
            Ok::<(), PdfError>(())
        };
        add(&summary.brand, BRAND, HEAD, false)?;
        add(
            &format!("Stampato il {}", summary.printed_at),
            SMALL,
            HEAD + 2.0,
            true,
        )?;
        add(&summary.foot(), SMALL, FOOT + 5.0, false)?;
        add(&format!("Pagina {page} di {count}"), SMALL, FOOT + 5.0, true)?;
        if summary.internal {
            add(INTERNAL, SMALL, FOOT + 16.0, false)?;
        }
        Ok(around)
    }

    fn paint(&self, surface: &mut Surface<'_>) {
        for (y, ink) in [(HEAD + 18.0, INK), (FOOT, RULE)] {
            let area = Area {
                x: LEFT,
                y,
                width: RIGHT - LEFT,
                height: 0.8,
                ink,
            };
            fill(surface, &area);
        }
        for placed in &self.lines {
            let kind = if placed.y < FOOT {
                ArtifactType::Header
            } else {
                ArtifactType::Footer
            };
            surface.start_tagged(ContentTag::Artifact(Artifact::with_kind(kind)));
            draw(surface, &placed.line, placed.x, placed.y);
            surface.end_tagged();
        }
    }
}

fn fill(surface: &mut Surface<'_>, area: &Area) {
    let Some(rect) = Rect::from_xywh(area.x, area.y, area.width, area.height) else {
        return;
    };
    let mut path = PathBuilder::new();
    path.push_rect(rect);
    let Some(path) = path.finish() else { return };
    surface.start_tagged(ContentTag::Artifact(Artifact::with_kind(ArtifactType::Layout)));
    surface.set_fill(Some(solid(area.ink)));
    surface.draw_path(&path);
    surface.end_tagged();
}

fn draw(surface: &mut Surface<'_>, line: &Line, x: f32, y: f32) {
    surface.set_fill(Some(solid(line.ink)));
    for run in &line.runs {
        let start = Point::from_xy(x + run.x, y + line.baseline);
        surface.draw_glyphs(start, &run.glyphs, run.font.clone(), &line.text, run.size, false);
    }
}

fn solid(ink: Ink) -> Fill {
    Fill {
        paint: rgb::Color::from(ink).into(),
        ..Fill::default()
    }
}

fn tree(flow: &Flow, marked: &mut [Option<Identifier>]) -> TagTree {
    let mut tree = TagTree::new().with_lang(Some(LANGUAGE.to_owned()));
    for root in &flow.roots {
        tree.push(group(&flow.nodes, *root, marked));
    }
    tree
}

fn group(nodes: &[Node], id: NodeId, marked: &mut [Option<Identifier>]) -> TagGroup {
    let node = &nodes[id.0];
    let mut group = TagGroup::new(tag(&node.kind));
    for child in &node.children {
        match child {
            Child::Node(child) => group.push(self::group(nodes, *child, marked)),
            Child::Line(number) => {
                if let Some(identifier) = marked[*number].take() {
                    group.push(identifier);
                }
            }
        }
    }
    group
}

fn tag(kind: &Kind) -> TagKind {
    match kind {
        Kind::Section => Tag::Section.into(),
        Kind::Heading { level, title } => {
            let level = NonZeroU16::new(*level).unwrap_or(NonZeroU16::MIN);
            Tag::Hn(level, Some(title.clone())).into()
        }
        Kind::Paragraph => Tag::P.into(),
        Kind::Table => Tag::Table.into(),
        Kind::Row => Tag::TR.into(),
        Kind::RowHeader => Tag::TH(TableHeaderScope::Row).into(),
        Kind::Cell => Tag::TD.into(),
        Kind::List => Tag::L(ListNumbering::None).into(),
        Kind::Item => Tag::LI.into(),
        Kind::ItemBody => Tag::LBody.into(),
    }
}

fn outline(bookmarks: &[Bookmark]) -> Outline {
    let mut outline = Outline::new();
    for bookmark in bookmarks {
        let place = XyzDestination::new(bookmark.page, Point::from_xy(LEFT, bookmark.y));
        outline.push_child(OutlineNode::new(bookmark.title.clone(), place));
    }
    outline
}

fn metadata(summary: &Summary) -> Metadata {
    Metadata::new()
        .title(summary.title())
        .language(LANGUAGE.to_owned())
        .creator(summary.brand.clone())
        .producer("usciere".to_owned())
        .creation_date(date(&summary.printed_at))
}

fn date(moment: &Moment) -> DateTime {
    let (year, [month, day, hour, minute, second]) = moment.utc();
    DateTime::new(year)
        .month(month)
        .day(day)
        .hour(hour)
        .minute(minute)
        .second(second)
        .utc_offset_hour(0)
        .utc_offset_minute(0)
}

//! From text to lines of glyphs: parley breaks lines, orders right-to-left text and shapes glyphs, of the fonts the binary carries.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use krilla::color::rgb;
use krilla::text::{Font, GlyphId, KrillaGlyph};
use parley::fontique::{Blob, FontInfoOverride};
use parley::style::{FontFamily, LineHeight, OverflowWrap, StyleProperty};
use parley::{FontContext, Layout, LayoutContext};

use super::PdfError;
use crate::documents::clean::REPLACEMENT;

/// How heavy letters are. Each weight is a family of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Weight {
    Regular,
    Bold,
}

impl Weight {
    const fn family(self) -> &'static str {
        match self {
            Self::Regular => "regular",
            Self::Bold => "bold",
        }
    }

    fn bytes(self) -> &'static [u8] {
        match self {
            Self::Regular => dejavu::sans_condensed::regular(),
            Self::Bold => dejavu::sans_condensed::bold(),
        }
    }
}

/// A colour: red, green, blue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ink(pub(super) u8, pub(super) u8, pub(super) u8);

impl From<Ink> for rgb::Color {
    fn from(Ink(red, green, blue): Ink) -> Self {
        Self::new(red, green, blue)
    }
}

/// How text looks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Style {
    pub(super) weight: Weight,
    /// In points.
    pub(super) size: f32,
    pub(super) ink: Ink,
}

/// A line of text, to be put anywhere.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) text: Arc<str>,
    pub(super) ink: Ink,
    pub(super) height: f32,
    /// From the top of the line.
    pub(super) baseline: f32,
    pub(super) width: f32,
    pub(super) runs: Vec<Run>,
}

/// Glyphs of one font in a line.
#[derive(Debug)]
pub(super) struct Run {
    pub(super) font: Font,
    pub(super) size: f32,
    pub(super) x: f32,
    pub(super) glyphs: Vec<KrillaGlyph>,
}

/// Sets text in lines.
pub(super) struct Typesetter {
    fonts: FontContext,
    layouts: LayoutContext<()>,
    faces: HashMap<u64, Font>,
}

impl Typesetter {
    pub(super) fn new() -> Self {
        let mut fonts = FontContext::new();
        for weight in [Weight::Regular, Weight::Bold] {
            let named = FontInfoOverride {
                family_name: Some(weight.family()),
                ..FontInfoOverride::default()
            };
            fonts
                .collection
                .register_fonts(Blob::new(Arc::new(weight.bytes())), Some(named));
        }
        Self {
            fonts,
            layouts: LayoutContext::new(),
            faces: HashMap::new(),
        }
    }

    /// One paragraph in lines no wider than `width`. Characters no font has are shown as [`REPLACEMENT`].
    pub(super) fn lines(&mut self, text: &str, style: Style, width: f32) -> Result<Vec<Line>, PdfError> {
        let layout = self.layout(text, style, width);
        let missing = missing(&layout);
        if missing.is_empty() {
            return self.read(&layout, text, style);
        }
        let text = replaced(text, &missing);
        let layout = self.layout(&text, style, width);
        self.read(&layout, &text, style)
    }

    fn layout(&mut self, text: &str, style: Style, width: f32) -> Layout<()> {
        let mut builder = self.layouts.ranged_builder(&mut self.fonts, text, 1.0, false);
        let family = FontFamily::named(style.weight.family());
        builder.push_default(StyleProperty::FontFamily(family));
        builder.push_default(StyleProperty::FontSize(style.size));
        builder.push_default(StyleProperty::LineHeight(LineHeight::FontSizeRelative(1.4)));
        builder.push_default(StyleProperty::OverflowWrap(OverflowWrap::Anywhere));
        let mut layout = builder.build(text);
        layout.break_all_lines(Some(width));
        layout
    }

    fn read(&mut self, layout: &Layout<()>, text: &str, style: Style) -> Result<Vec<Line>, PdfError> {
        let text: Arc<str> = text.into();
        let mut lines = Vec::with_capacity(layout.len());
        for line in layout.lines() {
            let metrics = line.metrics();
            let mut x = 0.0;
            let mut runs = Vec::new();
            for run in line.runs() {
                let (glyphs, advance) = glyphs(&run);
                runs.push(Run {
                    font: self.face(run.font())?,
                    size: run.font_size(),
                    x,
                    glyphs,
                });
                x += advance;
            }
            lines.push(Line {
                text: Arc::clone(&text),
                ink: style.ink,
                height: metrics.line_height,
                baseline: metrics.baseline - metrics.block_min_coord,
                width: x,
                runs,
            });
        }
        Ok(lines)
    }

    /// krilla's own reading of a font, made once.
    fn face(&mut self, font: &parley::FontData) -> Result<Font, PdfError> {
        let (data, id) = font.data.clone().into_raw_parts();
        if let Some(face) = self.faces.get(&id) {
            return Ok(face.clone());
        }
        let face = Font::new(data.into(), font.index).ok_or(PdfError::Fonts)?;
        self.faces.insert(id, face.clone());
        Ok(face)
    }
}

fn glyphs(run: &parley::layout::Run<'_, ()>) -> (Vec<KrillaGlyph>, f32) {
    let (size, mut advance) = (run.font_size(), 0.0);
    let mut glyphs: Vec<KrillaGlyph> = Vec::new();
    for cluster in run.visual_clusters() {
        if cluster.is_ligature_continuation() {
            // It has no glyph of its own.
            if let Some(last) = glyphs.last_mut() {
                last.text_range.start = last.text_range.start.min(cluster.text_range().start);
                last.text_range.end = last.text_range.end.max(cluster.text_range().end);
            }
            continue;
        }
        for glyph in cluster.glyphs() {
            glyphs.push(KrillaGlyph::new(
                GlyphId::new(glyph.id),
                glyph.advance / size,
                glyph.x / size,
                glyph.y / size,
                0.0,
                cluster.text_range(),
                None,
            ));
            advance += glyph.advance;
        }
    }
    (glyphs, advance)
}

/// Where no font has a glyph.
fn missing(layout: &Layout<()>) -> Vec<Range<usize>> {
    let mut missing: Vec<_> = layout
        .lines()
        .flat_map(|line| line.runs())
        .flat_map(|run| run.clusters())
        .filter(|cluster| cluster.glyphs().any(|glyph| glyph.id == 0))
        .map(|cluster| cluster.text_range())
        .collect();
    missing.sort_by_key(|range| range.start);
    missing
}

fn replaced<'t>(text: &'t str, missing: &[Range<usize>]) -> Cow<'t, str> {
    let (mut replaced, mut from) = (String::with_capacity(text.len()), 0);
    for range in missing {
        replaced.push_str(text.get(from..range.start).unwrap_or_default());
        replaced.push(REPLACEMENT);
        from = range.end.max(from);
    }
    replaced.push_str(text.get(from..).unwrap_or_default());
    Cow::Owned(replaced)
}

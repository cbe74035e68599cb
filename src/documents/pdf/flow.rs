//! Pages that fill from top to bottom, and beside them the tree that says what each line is.

use super::text::{Ink, Line};

/// A4, in points.
pub(super) const WIDTH: f32 = 595.28;
pub(super) const HEIGHT: f32 = 841.89;
pub(super) const LEFT: f32 = 56.0;
pub(super) const RIGHT: f32 = WIDTH - 56.0;
const TOP: f32 = 80.0;
const BOTTOM: f32 = HEIGHT - 72.0;

/// What a part of the text is.
#[derive(Debug)]
pub(super) enum Kind {
    Section,
    Heading { level: u16, title: String },
    Paragraph,
    Table,
    Row,
    RowHeader,
    Cell,
    List,
    Item,
    ItemBody,
}

/// A part of the text, by its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NodeId(pub(super) usize);

#[derive(Debug)]
pub(super) enum Child {
    Node(NodeId),
    /// The line with this number.
    Line(usize),
}

#[derive(Debug)]
pub(super) struct Node {
    pub(super) kind: Kind,
    pub(super) children: Vec<Child>,
}

/// A coloured rectangle; it means nothing.
#[derive(Debug, Clone, Copy)]
pub(super) struct Area {
    pub(super) x: f32,
    pub(super) y: f32,
    pub(super) width: f32,
    pub(super) height: f32,
    pub(super) ink: Ink,
}

#[derive(Debug)]
pub(super) struct PlacedLine {
    pub(super) line: Line,
    pub(super) x: f32,
    pub(super) y: f32,
    pub(super) number: usize,
}

#[derive(Debug, Default)]
pub(super) struct Page {
    /// Painted first.
    pub(super) areas: Vec<Area>,
    pub(super) lines: Vec<PlacedLine>,
}

/// A place to jump to.
#[derive(Debug)]
pub(super) struct Bookmark {
    pub(super) title: String,
    pub(super) page: usize,
    pub(super) y: f32,
}

/// A place in the flow.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    page: usize,
    y: f32,
}

/// The paper as far as it is filled.
#[derive(Debug)]
pub(super) struct Flow {
    pub(super) pages: Vec<Page>,
    y: f32,
    pub(super) nodes: Vec<Node>,
    pub(super) roots: Vec<NodeId>,
    pub(super) bookmarks: Vec<Bookmark>,
    lines: usize,
}

impl Flow {
    pub(super) fn new() -> Self {
        Self {
            pages: vec![Page::default()],
            y: TOP,
            nodes: Vec::new(),
            roots: Vec::new(),
            bookmarks: Vec::new(),
            lines: 0,
        }
    }

    /// A new part of the text within another, or at the top.
    pub(super) fn node(&mut self, parent: Option<NodeId>, kind: Kind) -> NodeId {
        let id = NodeId(self.nodes.len());
        self.nodes.push(Node {
            kind,
            children: Vec::new(),
        });
        match parent {
            Some(parent) => self.nodes[parent.0].children.push(Child::Node(id)),
            None => self.roots.push(id),
        }
        id
    }

    /// Empty space; none at the top of a page.
    pub(super) fn space(&mut self, height: f32) {
        if self.y > TOP {
            self.y = (self.y + height).min(BOTTOM);
        }
    }

    /// Goes on at the next page where less than `height` is left.
    pub(super) fn keep(&mut self, height: f32) {
        if self.y + height > BOTTOM && self.y > TOP {
            self.pages.push(Page::default());
            self.y = TOP;
        }
    }

    pub(super) fn here(&self) -> Place {
        Place {
            page: self.pages.len() - 1,
            y: self.y,
        }
    }

    pub(super) fn bookmark(&mut self, title: &str) {
        let Place { page, y } = self.here();
        self.bookmarks.push(Bookmark {
            title: title.to_owned(),
            page,
            y,
        });
    }

    /// Lines under each other, on as many pages as they need. Never one alone at the foot or head of a page where
    /// there are more.
    pub(super) fn lines(&mut self, lines: Vec<Line>, x: f32, node: NodeId) {
        let last = lines.len().saturating_sub(1);
        for (index, line) in lines.into_iter().enumerate() {
            let together = if last >= 3 && (index == 0 || index + 1 == last) {
                2.0
            } else {
                1.0
            };
            self.keep(line.height * together);
            let height = line.height;
            self.put(line, x, self.y, node);
            self.y += height;
        }
    }

    /// Two columns side by side, kept on one page where they fit on one.
    pub(super) fn row(&mut self, left: (Vec<Line>, f32, NodeId), right: (Vec<Line>, f32, NodeId)) {
        let height = |lines: &[Line]| lines.iter().map(|line| line.height).sum::<f32>();
        self.keep(height(&left.0).max(height(&right.0)).min(BOTTOM - TOP));
        let (page, y) = (self.pages.len(), self.y);
        self.lines(left.0, left.1, left.2);
        let below = self.y;
        // A name is a few words: it never leaves the page it began on.
        self.y = y;
        self.lines(right.0, right.1, right.2);
        if self.pages.len() == page {
            self.y = self.y.max(below);
        }
    }

    /// A rectangle behind everything from a place down to here, on each page between.
    pub(super) fn behind(&mut self, from: Place, x: f32, width: f32, ink: Ink) {
        let to = self.here();
        for page in from.page..=to.page {
            let top = if page == from.page { from.y } else { TOP };
            let bottom = if page == to.page { to.y } else { BOTTOM };
            if bottom > top {
                self.pages[page].areas.push(Area {
                    x,
                    y: top,
                    width,
                    height: bottom - top,
                    ink,
                });
            }
        }
    }

    /// A line across the page.
    pub(super) fn rule(&mut self, thickness: f32, ink: Ink) {
        let area = Area {
            x: LEFT,
            y: self.y,
            width: RIGHT - LEFT,
            height: thickness,
            ink,
        };
        self.pages
            .last_mut()
            .expect("there is always a page")
            .areas
            .push(area);
        self.y += thickness;
    }

    fn put(&mut self, line: Line, x: f32, y: f32, node: NodeId) {
        let number = self.lines;
        self.lines += 1;
        self.nodes[node.0].children.push(Child::Line(number));
        let page = self.pages.last_mut().expect("there is always a page");
        page.lines.push(PlacedLine { line, x, y, number });
    }

    /// How many lines there are.
    pub(super) fn line_count(&self) -> usize {
        self.lines
    }
}

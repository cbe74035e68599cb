//! Where everything of the picture stands, in pixels: states in columns from left to right, in the order of the
//! file; ways to the next column straight, ways further on above, ways back below.

use super::Picture;

pub(super) const BOX_WIDTH: i32 = 236;
pub(super) const LINE: i32 = 19;
const GAP: i32 = 170;
const STACK_GAP: i32 = 48;
const MARGIN: i32 = 24;
/// Room for the arrow of the submission.
const ENTRY: i32 = 96;
const TITLE: i32 = 44;
const LANE_PADDING: i32 = 18;
const CORNER: i32 = 12;

/// A state's box.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub x: i32,
    pub y: i32,
    pub height: i32,
}

/// A way: an SVG path, and where its labels stand (centre and baseline of the first).
#[derive(Debug)]
pub(super) struct Route {
    pub path: String,
    pub label_x: i32,
    pub label_y: i32,
}

pub(super) struct Layout {
    pub width: i32,
    pub height: i32,
    pub places: Vec<Place>,
    pub routes: Vec<Route>,
    /// Where the list of what may always happen begins.
    pub footer: i32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Straight,
    Within,
    Above,
    Below,
}

/// `box_heights` in the order of the nodes; `footer_lines` is the room left below.
pub(super) fn layout(picture: &Picture<'_>, box_heights: &[i32], footer_lines: usize) -> Layout {
    let columns = columns(picture);
    let sides: Vec<Side> = picture
        .edges
        .iter()
        .map(|edge| side(columns[edge.from], columns[edge.to]))
        .collect();
    let lanes = |wanted: Side| -> i32 {
        let edges = picture
            .edges
            .iter()
            .zip(&sides)
            .filter(|(_, side)| **side == wanted);
        edges.map(|(edge, _)| lane_height(edge.labels.len())).sum()
    };
    let top = TITLE + lanes(Side::Above) + MARGIN;
    let (places, bottom) = place(&columns, box_heights, top);
    let footer = bottom + lanes(Side::Below) + 2 * MARGIN;
    let deepest = i32::try_from(columns.iter().max().copied().unwrap_or(0)).unwrap_or(0);
    let width = ENTRY + (deepest + 1) * BOX_WIDTH + deepest * GAP + MARGIN;
    let routes = Router {
        picture,
        places: &places,
        columns: &columns,
        sides: &sides,
        top,
        bottom,
    }
    .routes();
    Layout {
        width,
        height: footer + lines(footer_lines) + MARGIN,
        places,
        routes,
        footer,
    }
}

fn lines(count: usize) -> i32 {
    i32::try_from(count).unwrap_or(0) * LINE
}

fn lane_height(labels: usize) -> i32 {
    lines(labels) + LANE_PADDING
}

/// One more than the deepest state before it in the file that leads to it.
fn columns(picture: &Picture<'_>) -> Vec<usize> {
    let mut columns = vec![0; picture.nodes.len()];
    for to in 0..columns.len() {
        let before = picture
            .edges
            .iter()
            .filter(|edge| edge.to == to && edge.from < to);
        columns[to] = before.map(|edge| columns[edge.from] + 1).max().unwrap_or(0);
    }
    columns
}

fn side(from: usize, to: usize) -> Side {
    match to.checked_sub(from) {
        Some(0) => Side::Within,
        Some(1) => Side::Straight,
        Some(_) => Side::Above,
        None => Side::Below,
    }
}

/// Boxes of a column stand under each other, all columns centred on the same height.
fn place(columns: &[usize], heights: &[i32], top: i32) -> (Vec<Place>, i32) {
    let column_height = |column: usize| -> i32 {
        let boxes = columns.iter().zip(heights).filter(|(other, _)| **other == column);
        boxes.map(|(_, height)| height + STACK_GAP).sum::<i32>() - STACK_GAP
    };
    let tallest = columns
        .iter()
        .map(|column| column_height(*column))
        .max()
        .unwrap_or(0);
    let mut next: Vec<i32> = (0..columns.len())
        .map(|column| top + (tallest - column_height(column)) / 2)
        .collect();
    let mut places = Vec::new();
    for (column, height) in columns.iter().zip(heights) {
        let x = ENTRY + i32::try_from(*column).unwrap_or(0) * (BOX_WIDTH + GAP);
        places.push(Place {
            x,
            y: next[*column],
            height: *height,
        });
        next[*column] += height + STACK_GAP;
    }
    (places, top + tallest)
}

struct Router<'a> {
    picture: &'a Picture<'a>,
    places: &'a [Place],
    columns: &'a [usize],
    sides: &'a [Side],
    top: i32,
    bottom: i32,
}

impl Router<'_> {
    fn routes(&self) -> Vec<Route> {
        let mut routes: Vec<Option<Route>> = self.sides.iter().map(|_| None).collect();
        for wanted in [Side::Above, Side::Below] {
            let mut distance = MARGIN;
            for index in self.shortest_first(wanted) {
                let height = lane_height(self.picture.edges[index].labels.len());
                routes[index] = Some(self.arch(index, wanted, distance, height));
                distance += height;
            }
        }
        let direct = routes.into_iter().enumerate();
        direct
            .map(|(index, route)| route.unwrap_or_else(|| self.direct(index)))
            .collect()
    }

    /// Short arches lie inside long ones.
    fn shortest_first(&self, wanted: Side) -> Vec<usize> {
        let mut indexes: Vec<usize> = (0..self.sides.len())
            .filter(|index| self.sides[*index] == wanted)
            .collect();
        indexes.sort_by_key(|index| {
            let edge = &self.picture.edges[*index];
            self.columns[edge.from].abs_diff(self.columns[edge.to])
        });
        indexes
    }

    /// Up (or down) from one box, along a lane, and down (or up) to the other.
    fn arch(&self, index: usize, side: Side, distance: i32, height: i32) -> Route {
        let edge = &self.picture.edges[index];
        let (from, to) = (self.places[edge.from], self.places[edge.to]);
        let (start_x, end_x) = (self.port(index, edge.from, side), self.port(index, edge.to, side));
        let turn = if end_x > start_x { CORNER } else { -CORNER };
        let above = side == Side::Above;
        let (start_y, end_y) = if above {
            (from.y, to.y)
        } else {
            (from.y + from.height, to.y + to.height)
        };
        let lane = if above {
            self.top - distance
        } else {
            self.bottom + distance
        };
        let bend = if above { CORNER } else { -CORNER };
        let path = format!(
            "M{start_x},{start_y} V{} Q{start_x},{lane} {},{lane} H{} Q{end_x},{lane} {end_x},{} V{}",
            lane + bend,
            start_x + turn,
            end_x - turn,
            lane + bend,
            end_y + if above { -2 } else { 2 },
        );
        let label_y = if above {
            lane - height + LANE_PADDING + LINE - 6
        } else {
            lane + LINE - 2
        };
        Route {
            path,
            label_x: i32::midpoint(start_x, end_x),
            label_y,
        }
    }

    /// Where an arch leaves or enters a box, so that arches to the same side lie inside each other: those to the
    /// left first, the shorter the further left; then those to the right, the shorter the further right.
    fn port(&self, index: usize, node: usize, side: Side) -> i32 {
        let here = self.columns[node];
        let mut arches: Vec<(bool, i32, usize)> = Vec::new();
        for (other, edge) in self.picture.edges.iter().enumerate() {
            if self.sides[other] == side && (edge.from == node || edge.to == node) {
                let far = self.columns[if edge.from == node { edge.to } else { edge.from }];
                let distance = i32::try_from(far.abs_diff(here)).unwrap_or(0);
                arches.push((far > here, if far > here { -distance } else { distance }, other));
            }
        }
        arches.sort_unstable();
        let position = arches
            .iter()
            .position(|(_, _, other)| *other == index)
            .unwrap_or(0);
        self.places[node].x + spread(BOX_WIDTH, position, arches.len())
    }

    fn direct(&self, index: usize) -> Route {
        let edge = &self.picture.edges[index];
        let (from, to) = (self.places[edge.from], self.places[edge.to]);
        if self.sides[index] == Side::Within {
            return self.vertical(index, from, to);
        }
        let same = |other: &usize| self.sides[*other] == Side::Straight;
        let leaving: Vec<usize> = (0..self.sides.len())
            .filter(same)
            .filter(|other| self.picture.edges[*other].from == edge.from)
            .collect();
        let entering: Vec<usize> = (0..self.sides.len())
            .filter(same)
            .filter(|other| self.picture.edges[*other].to == edge.to)
            .collect();
        let position = |list: &[usize]| list.iter().position(|other| *other == index).unwrap_or(0);
        let start_y = from.y + spread(from.height, position(&leaving), leaving.len());
        let end_y = to.y + spread(to.height, position(&entering), entering.len());
        let (start_x, end_x) = (from.x + BOX_WIDTH, to.x - 2);
        let middle = i32::midpoint(start_x, end_x);
        let path = format!("M{start_x},{start_y} C{middle},{start_y} {middle},{end_y} {end_x},{end_y}");
        let label_y = i32::midpoint(start_y, end_y) - lines(edge.labels.len()) + LINE - 8;
        Route {
            path,
            label_x: middle,
            label_y,
        }
    }

    /// Between two boxes of one column: down on the right half, up on the left half.
    fn vertical(&self, index: usize, from: Place, to: Place) -> Route {
        let downwards = to.y > from.y;
        let x = from.x
            + if downwards {
                BOX_WIDTH * 2 / 3
            } else {
                BOX_WIDTH / 3
            };
        let (start, end) = if downwards {
            (from.y + from.height, to.y - 2)
        } else {
            (from.y, to.y + to.height + 2)
        };
        let label_y =
            i32::midpoint(start, end) - lines(self.picture.edges[index].labels.len()) / 2 + LINE - 5;
        Route {
            path: format!("M{x},{start} V{end}"),
            label_x: x,
            label_y,
        }
    }
}

/// The middle of the n-th of several equal parts.
fn spread(length: i32, position: usize, count: usize) -> i32 {
    let part = |number: usize| i32::try_from(number).unwrap_or(0);
    length * (2 * part(position) + 1) / (2 * part(count.max(1)))
}

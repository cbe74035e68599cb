//! Charts as SVG made here: bars whose widths are shares, so that they fit a phone, with the numbers in a table beneath.

use askama::Template;

/// One line of a chart: two values.
pub(super) struct Bar {
    pub(super) label: String,
    values: [f64; 2],
    pub(super) texts: [String; 2],
}

impl Bar {
    pub(super) fn new(label: String, values: [f64; 2], texts: [String; 2]) -> Self {
        Self { label, values, texts }
    }
}

/// How the two values of a line lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Manner {
    /// One after the other.
    Stacked,
    /// One below the other.
    Beside,
}

/// Bars with what they mean.
pub(super) struct Chart {
    pub(super) title: &'static str,
    pub(super) series: [&'static str; 2],
    pub(super) bars: Vec<Bar>,
    manner: Manner,
}

/// A rectangle, in shares of the width and in pixels of the height.
#[derive(Debug, PartialEq)]
struct Rect {
    x: String,
    y: usize,
    width: String,
    height: usize,
    class: &'static str,
}

/// What is written beside the bars.
struct Label {
    y: usize,
    text: String,
}

/// Pixels of one line: its label, and its bars.
const LINE: usize = 48;
const TEXT: usize = 16;
const THICK: usize = 18;

#[derive(Template)]
#[template(path = "http/pages/statistics/chart.svg.html", whitespace = "minimize")]
struct Drawing<'a> {
    title: &'a str,
    height: usize,
    labels: Vec<Label>,
    rects: Vec<Rect>,
}

impl Chart {
    pub(super) fn stacked(title: &'static str, series: [&'static str; 2], bars: Vec<Bar>) -> Self {
        let manner = Manner::Stacked;
        Self {
            title,
            series,
            bars,
            manner,
        }
    }

    pub(super) fn beside(title: &'static str, series: [&'static str; 2], bars: Vec<Bar>) -> Self {
        let manner = Manner::Beside;
        Self {
            title,
            series,
            bars,
            manner,
        }
    }

    /// The longest line.
    fn most(&self) -> f64 {
        let length = |bar: &Bar| match self.manner {
            Manner::Stacked => bar.values[0] + bar.values[1],
            Manner::Beside => bar.values[0].max(bar.values[1]),
        };
        self.bars.iter().map(length).fold(0.0, f64::max)
    }

    fn rects(&self) -> Vec<Rect> {
        let most = self.most().max(f64::MIN_POSITIVE);
        let share = |value: f64| value / most * 100.0;
        let percent = |share: f64| format!("{share:.2}%");
        let line = |(index, bar): (usize, &Bar)| {
            let top = index * LINE + TEXT + 6;
            let [one, other] = bar.values.map(share);
            let (x, y, height) = match self.manner {
                Manner::Stacked => (percent(one), top, THICK),
                Manner::Beside => (percent(0.0), top + THICK / 2 + 2, THICK / 2),
            };
            [
                Rect {
                    x: percent(0.0),
                    y: top,
                    width: percent(one),
                    height,
                    class: "first",
                },
                Rect {
                    x,
                    y,
                    width: percent(other),
                    height,
                    class: "second",
                },
            ]
        };
        self.bars.iter().enumerate().flat_map(line).collect()
    }

    /// The picture. It cannot fail but for memory.
    pub(super) fn svg(&self) -> String {
        let label = |(index, bar): (usize, &Bar)| Label {
            y: index * LINE + TEXT,
            text: match self.manner {
                Manner::Stacked => format!("{}: {} e {}", bar.label, bar.texts[0], bar.texts[1]),
                Manner::Beside => format!("{}: {} / {}", bar.label, bar.texts[0], bar.texts[1]),
            },
        };
        let drawing = Drawing {
            title: self.title,
            height: self.bars.len() * LINE,
            labels: self.bars.iter().enumerate().map(label).collect(),
            rects: self.rects(),
        };
        drawing.render().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bar(one: f64, other: f64) -> Bar {
        Bar::new("<b>".to_owned(), [one, other], ["1".to_owned(), "2".to_owned()])
    }

    #[test]
    fn the_longest_line_is_the_whole_width() {
        let chart = Chart::stacked("T", ["a", "b"], vec![bar(1.0, 3.0), bar(2.0, 0.0)]);
        let widths: Vec<String> = chart.rects().into_iter().map(|rect| rect.width).collect();
        assert_eq!(widths, ["25.00%", "75.00%", "50.00%", "0.00%"]);
        let beside = Chart::beside("T", ["a", "b"], vec![bar(1.0, 4.0)]);
        assert_eq!(beside.rects()[1].width, "100.00%");
    }

    #[test]
    fn nothing_divides_by_nothing_and_labels_are_no_markup() {
        let svg = Chart::stacked("T", ["a", "b"], vec![bar(0.0, 0.0)]).svg();
        assert!(svg.contains("0.00%") && !svg.contains("NaN"), "{svg}");
        assert!(svg.contains("&#60;b&#62;") && !svg.contains("<b>"), "{svg}");
    }
}

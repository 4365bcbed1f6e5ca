//! A picture of some curves: SVG without a background, in colours that can be read on a light page and on a dark one.
use anyhow::{Error, Result};
use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

const SIZE: (u32, u32) = (760, 400);
/// Where the names of the curves stand, right of them.
const NAMES: u32 = 136;
const LEFT: u32 = 52;
const ABOVE: u32 = 34;
const BELOW: u32 = 50;
/// From one name to the next, at least.
const LINE: i32 = 17;

const FONT: &str = "system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif";
/// Contrasts of 4.5 with white and of 4.2 with the darkest pages.
const INK: RGBColor = RGBColor(0x76, 0x76, 0x76);

/// What belongs together has one.
#[derive(Clone, Copy)]
pub(crate) enum Hue {
    Blue,
    Green,
    Red,
}

impl Hue {
    const fn color(self) -> RGBColor {
        match self {
            Self::Blue => RGBColor(0x3b, 0x82, 0xd6),
            Self::Green => RGBColor(0x2e, 0x93, 0x52),
            Self::Red => RGBColor(0xd6, 0x4f, 0x45),
        }
    }
}

/// One line of a picture.
pub(crate) struct Curve {
    name: &'static str,
    hue: Hue,
    is_floor: bool,
    points: Vec<(f64, f64)>,
}

impl Curve {
    pub(crate) fn new(name: &'static str, hue: Hue) -> Self {
        Self { name, hue, is_floor: false, points: Vec::new() }
    }

    /// Of what another is measured by: thinner, and without its points.
    pub(crate) fn floor(name: &'static str, hue: Hue) -> Self {
        Self { is_floor: true, ..Self::new(name, hue) }
    }

    pub(crate) fn push(&mut self, x: f64, y: f64) {
        self.points.push((x, y));
    }
}

/// The horizontal axis: logarithmic, with a mark at each power of its base.
pub(crate) struct Axis {
    pub(crate) title: &'static str,
    pub(crate) base: u32,
    pub(crate) first: f64,
    pub(crate) last: f64,
}

pub(crate) struct Picture {
    pub(crate) title: &'static str,
    pub(crate) x: Axis,
    /// Of the vertical axis, which begins at 0.
    pub(crate) unit: &'static str,
    pub(crate) curves: Vec<Curve>,
}

type Drawn<T> = std::result::Result<T, Box<dyn std::error::Error>>;

impl Picture {
    pub(crate) fn draw(&self) -> Result<String> {
        let mut svg = String::new();
        self.draw_into(&mut svg).map_err(|error| Error::msg(error.to_string()))?;
        Ok(svg.replacen("<svg ", &format!("<svg role=\"img\" aria-label=\"{}\" ", self.title), 1))
    }

    fn draw_into(&self, svg: &mut String) -> Drawn<()> {
        let points = self.curves.iter().flat_map(|curve| &curve.points);
        let highest = points.map(|(_, y)| *y).fold(f64::MIN_POSITIVE, f64::max) * 1.05;
        let root = SVGBackend::with_string(svg, SIZE).into_drawing_area();
        // A little further than the last mark, or a single point would make an axis of no length.
        let across = (self.x.first..self.x.last * 1.02).log_scale().base(f64::from(self.x.base));
        let mut chart = ChartBuilder::on(&root)
            .margin_top(ABOVE)
            .margin_right(NAMES)
            .x_label_area_size(BELOW)
            .y_label_area_size(LEFT)
            .build_cartesian_2d(across, 0.0..highest)?;
        let text = (FONT, 15).into_font().color(&INK);
        chart
            .configure_mesh()
            .disable_x_mesh()
            .light_line_style(TRANSPARENT)
            .bold_line_style(INK.mix(0.25))
            .axis_style(INK.mix(0.6))
            .label_style(text.clone())
            .x_labels(8)
            .y_labels(6)
            .x_label_formatter(&|x| count(*x))
            .y_label_formatter(&|y| format!("{}", (y * 1e3).round() / 1e3))
            .x_desc(self.x.title)
            .axis_desc_style(text.clone())
            .draw()?;
        root.draw(&Text::new(self.unit, (8, 10), text))?;
        let mut ends = Vec::new();
        for curve in &self.curves {
            let points = curve.points.iter().copied();
            let color = curve.hue.color();
            if curve.is_floor {
                chart.draw_series(LineSeries::new(points, color.mix(0.8).stroke_width(1)))?;
            } else {
                chart.draw_series(LineSeries::new(points, color.filled().stroke_width(2)).point_size(3))?;
            }
            ends.extend(curve.points.last().map(|last| (chart.backend_coord(last).1, curve)));
        }
        names(&root, ends)?;
        root.present()?;
        Ok(())
    }
}

/// The name of each curve beside its end, pushed down where one would lie upon another.
fn names(root: &DrawingArea<SVGBackend<'_>, Shift>, mut ends: Vec<(i32, &Curve)>) -> Drawn<()> {
    ends.sort_by_key(|(height, _)| *height);
    let mut free = i32::MIN;
    let left = i32::try_from(SIZE.0 - NAMES)? + 8;
    for (height, curve) in ends {
        let height = height.max(free);
        free = height + LINE;
        let style = (FONT, 15).into_font().color(&curve.hue.color()).pos(Pos::new(HPos::Left, VPos::Center));
        root.draw(&Text::new(curve.name, (left, height), style))?;
    }
    Ok(())
}

/// As people write numbers: `4`, `256`, `1,000`, `1,000,000`.
pub(crate) fn count(number: f64) -> String {
    let digits = format!("{number:.0}");
    let grouped = digits.as_bytes().rchunks(3).rev().map(String::from_utf8_lossy);
    grouped.collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(curves: Vec<Curve>) -> String {
        let x = Axis { title: "live sessions", base: 10, first: 1000.0, last: 1_000_000.0 };
        Picture { title: "Latency", x, unit: "ms", curves }.draw().unwrap()
    }

    #[test]
    fn a_picture_has_its_curves_its_marks_and_no_background() {
        let mut curves = vec![Curve::floor("one GET (floor)", Hue::Blue), Curve::new("introspect", Hue::Blue)];
        for (curve, height) in curves.iter_mut().zip([0.08, 0.11]) {
            for x in [1e3, 1e4, 1e5, 1e6] {
                curve.push(x, height);
            }
        }
        let svg = picture(curves);
        for text in ["one GET (floor)", "introspect", "1,000", "1,000,000", "live sessions", "aria-label=\"Latency\""] {
            assert!(svg.contains(text), "{text}: {svg}");
        }
        assert!(svg.ends_with("</svg>\n") && !svg.contains("#FFFFFF"), "{svg}");
    }

    #[test]
    fn names_that_would_lie_upon_one_another_do_not() {
        let mut curves = vec![Curve::new("one", Hue::Red), Curve::new("two", Hue::Green)];
        for curve in &mut curves {
            curve.push(1e6, 1.0);
        }
        let svg = picture(curves);
        let height = |name: &str| {
            let before = svg.split_once(&format!("\n{name}\n")).unwrap().0;
            before.rsplit_once(" y=\"").unwrap().1.split('"').next().unwrap().parse::<i32>().unwrap()
        };
        assert!(height("two") - height("one") >= LINE, "{svg}");
    }

    #[test]
    fn a_picture_without_points_is_drawn_all_the_same() {
        assert!(picture(Vec::new()).contains("</svg>"));
    }
}

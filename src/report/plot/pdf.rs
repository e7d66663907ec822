//! The figure as PDF: one page of outlines, letters included, so that no reader needs a font.
//!
//! Only what figures are made of is known: filled and stroked outlines in plain colours. The page is compressed.

use std::fmt::Write as _;
use std::io::Write as _;

use flate2::{Compression, write::ZlibEncoder};
use resvg::tiny_skia::{PathSegment, Point, Transform};
use resvg::usvg::{Color, FillRule, Group, LineCap, LineJoin, Node, Paint, Path, Tree};

use super::png::tree;

/// Points of a page for one of the SVG's pixels: 96 to the inch.
const SCALE: f32 = 0.75;

/// A figure of [`plot_svg`](super::plot_svg) as PDF.
pub fn plot_pdf(svg: &str) -> Vec<u8> {
    let tree: Tree = tree(svg);
    let (width, height) = (tree.size().width() * SCALE, tree.size().height() * SCALE);
    let mut page = Page::default();
    // PDF counts from the bottom.
    let _ = writeln!(page.text, "{SCALE} 0 0 -{SCALE} 0 {height} cm");
    page.group(tree.root());
    let mut packed = ZlibEncoder::new(Vec::new(), Compression::best());
    packed.write_all(page.text.as_bytes()).expect("written to memory");
    let content = packed.finish().expect("written to memory");
    let states: String = (0..page.opacities.len())
        .map(|n| format!("/G{n} << /ca {0} /CA {0} >> ", page.opacities[n]))
        .collect();
    file(&[
        b"<< /Type /Catalog /Pages 2 0 R >>".to_vec(),
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_vec(),
        format!(
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {width} {height}] /Contents 4 0 R \
             /Resources << /ExtGState << {states}>> >> >>"
        )
        .into_bytes(),
        [
            format!("<< /Length {} /Filter /FlateDecode >>\nstream\n", content.len()).as_bytes(),
            &content,
            b"\nendstream",
        ]
        .concat(),
    ])
}

/// A file of these objects, numbered from 1; the first is the catalogue.
fn file(objects: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n".to_vec();
    let mut places = Vec::new();
    for (n, object) in objects.iter().enumerate() {
        places.push(bytes.len());
        bytes.extend(format!("{} 0 obj\n", n + 1).bytes());
        bytes.extend(object);
        bytes.extend(b"\nendobj\n");
    }
    let table = bytes.len();
    let size = objects.len() + 1;
    bytes.extend(format!("xref\n0 {size}\n0000000000 65535 f \n").bytes());
    places.iter().for_each(|place| bytes.extend(format!("{place:010} 00000 n \n").bytes()));
    bytes.extend(format!("trailer\n<< /Size {size} /Root 1 0 R >>\nstartxref\n{table}\n%%EOF\n").bytes());
    bytes
}

/// The content of the page.
#[derive(Default)]
struct Page {
    text: String,
    opacities: Vec<f32>,
}

impl Page {
    fn group(&mut self, group: &Group) {
        for node in group.children() {
            match node {
                Node::Group(inner) => self.group(inner),
                Node::Path(path) => self.path(path),
                Node::Text(text) => self.group(text.flattened()),
                Node::Image(_) => unreachable!("figures have no images"),
            }
        }
    }

    fn path(&mut self, path: &Path) {
        let at = path.abs_transform();
        if let Some(fill) = path.fill() {
            self.paint(fill.paint(), fill.opacity().get(), "rg");
            self.outline(path, at);
            self.text += if fill.rule() == FillRule::EvenOdd { "f*\n" } else { "f\n" };
        }
        if let Some(stroke) = path.stroke() {
            self.paint(stroke.paint(), stroke.opacity().get(), "RG");
            let cap =
                [LineCap::Butt, LineCap::Round, LineCap::Square].iter().position(|&c| c == stroke.linecap());
            let join = usize::from(stroke.linejoin() == LineJoin::Round);
            let width = stroke.width().get() * at.get_scale().0;
            let dashes: Vec<String> =
                stroke.dasharray().unwrap_or_default().iter().map(f32::to_string).collect();
            let dashes = dashes.join(" ");
            let _ = writeln!(self.text, "{width} w {} J {join} j [{dashes}] 0 d", cap.unwrap_or(0));
            self.outline(path, at);
            self.text += "S\n";
        }
    }

    fn paint(&mut self, paint: &Paint, opacity: f32, operator: &str) {
        let Paint::Color(Color { red, green, blue }) = *paint else {
            unreachable!("figures have plain colours")
        };
        let state = self.opacities.iter().position(|&known| known == opacity).unwrap_or_else(|| {
            self.opacities.push(opacity);
            self.opacities.len() - 1
        });
        let [red, green, blue] = [red, green, blue].map(|part| f32::from(part) / 255.0);
        let _ = writeln!(self.text, "/G{state} gs {red:.4} {green:.4} {blue:.4} {operator}");
    }

    fn outline(&mut self, path: &Path, at: Transform) {
        let place = |mut point: Point| {
            at.map_point(&mut point);
            point
        };
        let mut last = Point::zero();
        for segment in path.data().segments() {
            let _ = match segment {
                PathSegment::MoveTo(to) => writeln!(self.text, "{} m", pair(place(to))),
                PathSegment::LineTo(to) => writeln!(self.text, "{} l", pair(place(to))),
                PathSegment::QuadTo(by, to) => {
                    // PDF has cubic curves only.
                    let third = |end: Point| {
                        Point::from_xy(end.x + 2.0 / 3.0 * (by.x - end.x), end.y + 2.0 / 3.0 * (by.y - end.y))
                    };
                    let [a, b, c] = [third(last), third(to), to].map(|point| pair(place(point)));
                    writeln!(self.text, "{a} {b} {c} c")
                }
                PathSegment::CubicTo(a, b, to) => {
                    let [a, b, c] = [a, b, to].map(|point| pair(place(point)));
                    writeln!(self.text, "{a} {b} {c} c")
                }
                PathSegment::Close => writeln!(self.text, "h"),
            };
            if let PathSegment::MoveTo(to)
            | PathSegment::LineTo(to)
            | PathSegment::QuadTo(_, to)
            | PathSegment::CubicTo(_, _, to) = segment
            {
                last = to;
            }
        }
    }
}

/// Hundredths of a pixel are enough.
fn pair(point: Point) -> String {
    format!("{:.2} {:.2}", point.x, point.y)
}

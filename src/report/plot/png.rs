//! The figure as pixels.

use std::sync::Arc;

use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{Options, Tree, fontdb::Database};

/// Letters, so that none of the host's are asked for.
const FONT: &[u8] = include_bytes!("font/DejaVuSans-subset.ttf");
/// Pixels for one of the SVG's: about 300 to the inch at the width of a column.
const SCALE: f32 = 3.0;

/// The figure's outlines, letters included.
pub(super) fn tree(svg: &str) -> Tree {
    let mut fonts = Database::new();
    fonts.load_font_data(FONT.to_vec());
    let family = fonts.faces().next().expect("the font has a face").families[0].0.clone();
    fonts.set_sans_serif_family(&family);
    let options = Options { font_family: family, fontdb: Arc::new(fonts), ..Options::default() };
    Tree::from_str(svg, &options).expect("the SVG is well-formed")
}

/// A figure of [`plot_svg`](super::plot_svg) as PNG.
pub fn plot_png(svg: &str) -> Vec<u8> {
    let tree = tree(svg);
    let size = tree.size().to_int_size().scale_by(SCALE).expect("a size");
    let mut pixels = Pixmap::new(size.width(), size.height()).expect("a size");
    resvg::render(&tree, Transform::from_scale(SCALE, SCALE), &mut pixels.as_mut());
    pixels.encode_png().expect("encoded into memory")
}

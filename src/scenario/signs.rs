//! Signs that no text may bring to a terminal or into a picture.

/// Whether a sign is an order to a terminal: a control, or what turns the direction of writing around. Also what is no
/// character at all, which XML does not allow, no more than controls.
pub(crate) fn is_order(c: char) -> bool {
    let is_layout = matches!(c, '\n' | '\t');
    (c.is_control() && !is_layout)
        || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{fffe}' | '\u{ffff}')
}

/// A sign that can be shown in its place, if it is one.
pub(crate) fn harmless(c: char) -> char {
    if is_order(c) { '\u{fffd}' } else { c }
}

//! Signs that no text may bring to a terminal.

/// Whether a sign is an order to a terminal: a control, or what turns the direction of writing around.
pub(crate) fn is_order(c: char) -> bool {
    let is_layout = matches!(c, '\n' | '\t');
    (c.is_control() && !is_layout) || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A sign that can be shown in its place.
pub(crate) fn harmless(c: char) -> char {
    if is_order(c) { '\u{fffd}' } else { c }
}

//! A line of a table, taken apart.

use std::borrow::Cow;

/// The cells of a line, without the spaces around them; what stands in quotes is taken as it is. If it cannot be taken apart, the
/// number of the cell, from 0, and what is wrong with it.
pub fn split(line: &str) -> Result<Vec<Cow<'_, str>>, (usize, &'static str)> {
    let mut cells = Vec::new();
    let mut rest = line;
    loop {
        let start = rest.trim_start();
        let (cell, behind) = match start.strip_prefix('"') {
            Some(inner) => {
                let (cell, behind) = quoted(inner).map_err(|problem| (cells.len(), problem))?;
                (cell, behind.trim_start())
            }
            None => {
                let (cell, behind) = start.split_at(start.find(',').unwrap_or(start.len()));
                if cell.contains('"') {
                    return Err((
                        cells.len(),
                        "a quote stands inside: put the whole cell in quotes, and write \"\" for a quote",
                    ));
                }
                (Cow::Borrowed(cell.trim_end()), behind)
            }
        };
        let at = cells.len();
        cells.push(cell);
        rest = match behind.strip_prefix(',') {
            Some(next) => next,
            None if behind.is_empty() => return Ok(cells),
            None => return Err((at, "something stands between the closing quote and the next comma")),
        };
    }
}

/// What stands up to the closing quote, and what is behind it.
fn quoted(inner: &str) -> Result<(Cow<'_, str>, &str), &'static str> {
    let mut cell = Cow::Borrowed("");
    let mut rest = inner;
    loop {
        let Some(quote) = rest.find('"') else {
            return Err("its quote is not closed in this line, and a cell cannot go on in the next one");
        };
        let (piece, behind) = (&rest[..quote], &rest[quote + 1..]);
        if cell.is_empty() {
            cell = Cow::Borrowed(piece);
        } else {
            cell.to_mut().push_str(piece);
        }
        match behind.strip_prefix('"') {
            Some(next) => {
                cell.to_mut().push('"');
                rest = next;
            }
            None => return Ok((cell, behind)),
        }
    }
}

/// A number as a cell may have it: decimal, with a point, finite.
pub fn number(cell: &str) -> Option<f64> {
    let looks = cell.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E'));
    cell.parse::<f64>().ok().filter(|number| looks && number.is_finite())
}

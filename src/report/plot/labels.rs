//! Where names stand beside points, so that none hides another or a point. All in pixels.

/// Height of a line of text.
const HEIGHT: i32 = 14;
/// Width of a letter, on average and rounded up.
const LETTER: i32 = 6;
/// Half the size of a mark, with some room.
const MARK: i32 = 6;
/// How many lines a name may be away from its point.
const FARTHEST: i32 = 24;

/// An upright rectangle: its left upper corner and its right lower one.
type Box = [(i32, i32); 2];

/// A name in its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Label {
    /// The left upper corner of the text.
    pub corner: (i32, i32),
    /// Where a line from the point to the text ends, if the text is away from it.
    pub leader: Option<(i32, i32)>,
}

fn overlap(a: &Box, b: &Box) -> bool {
    let apart = |low: i32, high: i32, other_low: i32, other_high: i32| high <= other_low || other_high <= low;
    !apart(a[0].0, a[1].0, b[0].0, b[1].0) && !apart(a[0].1, a[1].1, b[0].1, b[1].1)
}

/// Places names beside their points, within an area, in their order: right of the point or left of it, else so many lines up or down.
/// Where there is no room, a name stands right of its point and hides what is there.
pub(super) fn labels(points: &[((i32, i32), &str)], area: Box) -> Vec<Label> {
    let mark = |(x, y): (i32, i32)| [(x - MARK, y - MARK), (x + MARK, y + MARK)];
    let mut taken: Vec<Box> = points.iter().map(|(at, _)| mark(*at)).collect();
    let mut placed = Vec::new();
    for &((x, y), name) in points {
        let width = LETTER * name.chars().count() as i32;
        let beside = |lines: i32, right: bool| {
            let left = if right { x + MARK + 3 } else { x - MARK - 3 - width };
            (left, y - HEIGHT / 2 + lines * HEIGHT)
        };
        let free = |corner: (i32, i32)| {
            let own = [corner, (corner.0 + width, corner.1 + HEIGHT)];
            let inside = own[0].0 >= area[0].0
                && own[0].1 >= area[0].1
                && own[1].0 <= area[1].0
                && own[1].1 <= area[1].1;
            inside && !taken.iter().any(|other| overlap(&own, other))
        };
        let lines = (0..=FARTHEST).flat_map(|far| [-far, far]);
        let mut tried = lines.flat_map(|lines| [(lines, true), (lines, false)]);
        let (lines, right) = tried.find(|&(lines, right)| free(beside(lines, right))).unwrap_or((0, true));
        let corner = beside(lines, right);
        taken.push([corner, (corner.0 + width, corner.1 + HEIGHT)]);
        let end = (if right { corner.0 } else { corner.0 + width }, corner.1 + HEIGHT / 2);
        placed.push(Label { corner, leader: (lines != 0).then_some(end) });
    }
    placed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_hides_another_or_a_point() {
        let area = [(0, 0), (600, 400)];
        // Fourteen points close together, some at the same place, near the edges too.
        let points: Vec<((i32, i32), &str)> =
            (0..14).map(|n| ((560 + 3 * (n % 5), 20 + 2 * n), "relu_probability")).collect();
        let placed = labels(&points, area);
        let boxes: Vec<Box> = placed
            .iter()
            .map(|label| [label.corner, (label.corner.0 + 16 * LETTER, label.corner.1 + HEIGHT)])
            .collect();
        for (at, own) in boxes.iter().enumerate() {
            assert!(own[0].0 >= 0 && own[1].0 <= 600 && own[0].1 >= 0 && own[1].1 <= 400, "{own:?}");
            assert!(!boxes[..at].iter().any(|other| overlap(own, other)), "{own:?}");
            assert!(!points.iter().any(|((x, y), _)| overlap(own, &[(x - 1, y - 1), (x + 1, y + 1)])));
        }
        assert!(placed.iter().any(|label| label.leader.is_some()));
        // Alone, a name is right of its point, or left of it at the right edge.
        let alone = labels(&[((10, 50), "exact")], area);
        assert_eq!(alone, [Label { corner: (19, 43), leader: None }]);
        assert_eq!(labels(&[((590, 50), "exact")], area)[0].corner, (590 - 9 - 5 * LETTER, 43));
    }
}

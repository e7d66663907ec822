//! The maximum by a tree of comparisons.

use super::Secure;
use crate::protocol::{Protocol, RingShare};

impl<P: Protocol> Secure<P> {
    /// The maximum of each row of a matrix with `width` columns of fixed-point numbers.
    /// ceil(log2 width) levels, width - 1 comparisons a row.
    pub async fn row_max(&self, x: &P::Share, width: usize) -> P::Share {
        let _span = self.span("maximum");
        let rows = x.len() / width;
        // One column after the other, so that a level is a single comparison of long vectors.
        let mut columns = x.transpose(rows, width).chunks(width);
        while columns.len() > 1 {
            let odd = if columns.len() % 2 == 1 { columns.pop() } else { None };
            let pairs = columns.len() / 2;
            let left = P::Share::concat(&columns.iter().step_by(2).collect::<Vec<_>>());
            let right = P::Share::concat(&columns.iter().skip(1).step_by(2).collect::<Vec<_>>());
            let greater = self.greater(&left, &right).await;
            columns = self.select(&greater, &left, &right).await.chunks(pairs);
            columns.extend(odd);
        }
        columns.remove(0)
    }
}

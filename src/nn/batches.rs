//! A matrix that several parties input in parts, and batches of its rows.

use crate::data::Block;
use crate::protocol::{Protocol, RingShare};
use crate::ring::Vector;
use crate::secure::Secure;
use crate::sim::all;

/// Number of elements of a part.
pub fn elements(block: &Block) -> usize {
    block.rows.len() * block.columns.len()
}

/// A shared matrix in the parts that were input.
pub struct Parts<S> {
    parts: Vec<(Block, S)>,
}

impl<S: RingShare> Parts<S> {
    /// Every part is input by its owner, all side by side.
    pub async fn input<P: Protocol<Share = S>>(
        secure: &Secure<P>,
        blocks: Vec<Block>,
        brought: &[Option<&Vector>],
    ) -> Self {
        if let [block] = &blocks[..] {
            let share = secure.protocol.input(block.party, elements(block), brought[0]).await;
            return Parts { parts: blocks.into_iter().zip([share]).collect() };
        }
        let strands = secure.fork_n(blocks.len());
        let inputs = strands.iter().zip(&blocks).zip(brought).map(async |((strand, block), brought)| {
            let _owner = strand.span(format!("party{}", block.party));
            strand.protocol.input(block.party, elements(block), *brought).await
        });
        let shares = all(inputs.collect()).await;
        Parts { parts: blocks.into_iter().zip(shares).collect() }
    }

    /// The same for a matrix that does not change, of which rows are factors of products: as a whole, if the parts are rows of it and the
    /// protocol makes something of that.
    pub async fn fix<P: Protocol<Share = S>>(self, secure: &Secure<P>) -> Self {
        let (first, _) = &self.parts[0];
        let columns = first.columns.clone();
        if !secure.protocol.fixes() || self.parts.iter().any(|(block, _)| block.columns != columns) {
            return self;
        }
        let (party, start) = (first.party, first.rows.start);
        let end = self.parts.iter().fold(start, |end, (block, _)| {
            assert_eq!(block.rows.start, end, "parts in the order of their rows");
            block.rows.end
        });
        let whole = match &self.parts[..] {
            [(_, share)] => share.clone(),
            parts => S::concat(&parts.iter().map(|(_, share)| share).collect::<Vec<_>>()),
        };
        drop(self);
        let fixed = secure.protocol.fix(&whole).await;
        Parts { parts: vec![(Block { party, rows: start..end, columns }, fixed)] }
    }

    /// Chosen rows.
    pub fn rows(&self, rows: &[usize]) -> S {
        match &self.parts[..] {
            [(block, share)] => share.gather_rows(rows, block.columns.len()),
            [(first, _), (second, _), ..] if first.rows == second.rows => self.join_columns(rows),
            _ => self.join_rows(rows),
        }
    }

    /// Columns stand next to each other: as rows of the transpose they stand one after the other.
    fn join_columns(&self, rows: &[usize]) -> S {
        let turned: Vec<S> = self
            .parts
            .iter()
            .map(|(block, share)| {
                let width = block.columns.len();
                share.gather_rows(rows, width).transpose(rows.len(), width)
            })
            .collect();
        let width = self.parts.iter().map(|(block, _)| block.columns.len()).sum();
        S::concat(&turned.iter().collect::<Vec<_>>()).transpose(width, rows.len())
    }

    /// The rows of each owner, and then all in their order: a batch is the same whoever owns its rows.
    fn join_rows(&self, rows: &[usize]) -> S {
        let (mut gathered, mut places, mut found) = (Vec::new(), vec![0; rows.len()], 0);
        for (block, share) in &self.parts {
            let mut own = Vec::new();
            for (place, row) in places.iter_mut().zip(rows).filter(|(_, row)| block.rows.contains(row)) {
                *place = found;
                found += 1;
                own.push(row - block.rows.start);
            }
            if !own.is_empty() {
                gathered.push(share.gather_rows(&own, block.columns.len()));
            }
        }
        let width = self.parts[0].0.columns.len();
        S::concat(&gathered.iter().collect::<Vec<_>>()).gather_rows(&places, width)
    }
}

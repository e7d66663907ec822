//! The hash of labels: H(x, i) = pi(2x + i) + 2x + i over GF(2^128), with a permutation pi that is AES with a fixed key, as in
//! Zahur, Rosulek, Evans, "Two halves make a whole" (EUROCRYPT 2015), section 5, after Bellare et al. (S&P 2013).

use aes::Aes128;
use aes::cipher::{Block, BlockCipherEncrypt, KeyInit};

/// The fixed key: the first digits of the fractional part of pi.
const KEY: u128 = 0x243f_6a88_85a3_08d3_1319_8a2e_0370_7344;

/// Hashes many labels at a time.
pub struct Hasher {
    cipher: Aes128,
    blocks: Vec<Block<Aes128>>,
}

/// 2x in GF(2^128), modulo x^128 + x^7 + x^2 + x + 1.
fn doubled(x: u128) -> u128 {
    x << 1 ^ (0x87 & 0u128.wrapping_sub(x >> 127))
}

impl Default for Hasher {
    fn default() -> Self {
        Hasher { cipher: Aes128::new(&KEY.to_be_bytes().into()), blocks: Vec::new() }
    }
}

impl Hasher {
    /// Replaces each label x, with its number i, by H(x, i).
    pub fn hash(&mut self, labels: &mut [u128], numbers: impl Iterator<Item = u128>) {
        for (label, number) in labels.iter_mut().zip(numbers) {
            *label = doubled(*label) ^ number;
        }
        self.blocks.clear();
        self.blocks.extend(labels.iter().map(|label| Block::<Aes128>::from(label.to_le_bytes())));
        self.cipher.encrypt_blocks(&mut self.blocks);
        for (label, block) in labels.iter_mut().zip(&self.blocks) {
            *label ^= u128::from_le_bytes((*block).into());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_permutation_is_aes() {
        // FIPS 197, appendix C.1.
        let key: [u8; 16] = std::array::from_fn(|i| i as u8);
        let mut block = Block::<Aes128>::from(std::array::from_fn(|i| 0x11 * i as u8));
        Aes128::new(&key.into()).encrypt_block(&mut block);
        let cipher: [u8; 16] = block.into();
        assert_eq!(u128::from_be_bytes(cipher), 0x69c4_e0d8_6a7b_0430_d8cd_b780_70b4_c55a);
    }

    #[test]
    fn labels_are_doubled_in_the_field_and_numbers_matter() {
        assert_eq!([doubled(1), doubled(1 << 127)], [2, 0x87]);
        let mut labels = [5u128, 5, 6];
        Hasher::default().hash(&mut labels, [1, 2, 1].into_iter());
        assert!(labels[0] != labels[1] && labels[0] != labels[2]);
        let mut block = Block::<Aes128>::from((10u128 ^ 1).to_le_bytes());
        Aes128::new(&KEY.to_be_bytes().into()).encrypt_block(&mut block);
        assert_eq!(labels[0], u128::from_le_bytes(block.into()) ^ 10 ^ 1);
    }
}

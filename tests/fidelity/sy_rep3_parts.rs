//! What the reference sends for `sy_rep3`, counted again from its parts: how often it does what, and in which batches.
//!
//! A check of MACs costs 33 kB whatever is checked. The reference makes one when ten thousand results wait, before each opening of
//! values, for each batch of random bits (twice, since what is input is checked apart) and at the end; we make one for each phase. Where
//! its rules come from: MP-SPDZ, `Protocols/SpdzWise.hpp` (init, check), `SpdzWiseInput.hpp` (destructor), `ReplicatedPrep.hpp`
//! (base_player), `Spdz2kPrep.hpp` (`MaliciousRingPrep::buffer_bits`), `MalRepRingPrep.hpp` and `ShuffleSacrifice.hpp`,
//! `Processor/BaseMachine.h` (batch_size).

/// Results between two checks, and random bits of a batch, at most.
const BATCH: u64 = 10_000;
/// Bytes of a hash to both other parties.
const HASHES: u64 = 2 * 32;
/// Bytes of a public key: 16 for the commitment, 4 + 16 + 16 to open it, to both other parties.
const COIN: u64 = 2 * (16 + 4 + 16 + 16);
/// A check of MACs, by each party: two sums, a product with the key; 104 products, squares and openings of bits; the masked element; 103
/// products, as many with another factor, as many openings of 18 bytes; coins of 13 and of 5 bytes; three hashes.
const CHECK: u64 = 3 * 13 + 3 * 104 * 13 + 13 + 3 * 103 * 18 + 2 * (36 + 13) + 2 * (36 + 5) + 3 * HASHES;
/// More by the two parties that input its bits.
const CHECK_INPUT: u64 = 104 * 13;
/// With the first product of bits: hashes of all that was opened for them, and an and of a single word.
const FIRST_AND: u64 = HASHES + AND_WORD;
/// What each party opens for 64 products of bits.
const AND_WORD: u64 = 2 * 8;
/// Sizes of buckets of triples, and of how many words on.
const BUCKETS: [(u64, u64); 2] = [(4, 10_368), (5, 1_024)];
/// Words of triples that are opened.
const OPENED_WORDS: u64 = 3;

/// How what a program does is checked and made.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Rules {
    /// As the reference does: each loop has batches of its own.
    Batches,
    /// One check a phase, no batches, no bytes that are partly used but in triples: as we do.
    Whole,
}

/// A number of bits of a batch: equal parts, if there are at most ten.
fn batch_of(bits: u64) -> u64 {
    (1..=10).map(|parts| bits.div_ceil(parts)).find(|&batch| batch <= BATCH).unwrap_or(BATCH)
}

/// Products of bits for the carries out of three numbers of n bits: a carry-save addition, positions, a tree whose lowest
/// item generates nothing.
fn overflow_ands(n: u64) -> u64 {
    let (mut ands, mut items) = (2 * n - 2, n);
    while items > 1 {
        ands += 2 * (items / 2) - 1;
        items = items.div_ceil(2);
    }
    ands
}

/// What a loop takes.
struct Loop {
    /// Random bits, and bits of triples.
    takes: [u64; 2],
    /// Whether it is none: then its batches are sized by the whole program, and nobody else gets what is left.
    once: bool,
}

/// A truncation: of so many elements, of numbers of so many bits, by so many.
pub type Cut = (u64, u64, u64);

/// What a program of the reference has sent so far.
pub struct Program {
    rules: Rules,
    nearest: bool,
    sent: [u64; 3],
    /// Random bits that are needed.
    bits: u64,
    /// Bits of triples that are needed, and words with each vector in its own.
    triples: u64,
    triple_words: u64,
    loops: Vec<Loop>,
    /// Results that wait for a check.
    results: u64,
    /// Checks so far.
    checks: u64,
    has_results: bool,
}

impl Program {
    pub fn new(rules: Rules, nearest: bool) -> Program {
        Program {
            rules,
            nearest,
            sent: [0; 3],
            bits: 0,
            triples: 0,
            triple_words: 0,
            loops: Vec::new(),
            results: 0,
            checks: 0,
            has_results: false,
        }
    }

    fn each(&mut self, bytes: u64) {
        self.sent.iter_mut().for_each(|sent| *sent += bytes);
    }

    /// What only comes with batches and pieces.
    fn each_piece(&mut self, bytes: u64) {
        if self.rules != Rules::Whole {
            self.each(bytes);
        }
    }

    /// Input by two parties, of which the first one is this.
    fn by_two(&mut self, first: u64, bytes: u64) {
        for party in [first, first + 1] {
            self.sent[(party % 3) as usize] += bytes;
        }
    }

    /// A check that is not the program's own: the pairs of parties that input its bits take turns.
    fn check(&mut self, number: u64) {
        self.each(CHECK);
        self.by_two(number, CHECK_INPUT);
    }

    fn check_results(&mut self) {
        if self.results > 0 {
            self.check(self.checks);
            self.checks += 1;
            self.results = 0;
        }
    }

    fn note(&mut self, n: u64) {
        self.has_results = true;
        if self.rules != Rules::Whole {
            self.results += n;
        }
    }

    /// n results of products, dot products or matrix products.
    pub fn product(&mut self, n: u64) {
        if self.results >= BATCH {
            self.check_results();
        }
        self.each(26 * n);
        self.note(n);
    }

    /// n elements that party 0 inputs, with a check of their own.
    pub fn input(&mut self, n: u64) {
        self.each(13 * n);
        self.sent[0] += 13 * n;
        self.check(0);
    }

    /// Products of bits, so many for each of n.
    fn and(&mut self, count: u64, n: u64) {
        self.triples += count * n;
        self.triple_words += count * n.div_ceil(64);
        let whole = self.rules == Rules::Whole;
        self.each(if whole { 2 * count * n / 8 } else { AND_WORD * count * n.div_ceil(64) });
    }

    /// Opens bits, so many for each of n.
    fn open_bits(&mut self, count: u64, n: u64) {
        let whole = self.rules == Rules::Whole;
        self.each(if whole { count * n / 8 } else { 8 * count * n.div_ceil(64) });
    }

    /// Bits as ring elements.
    fn convert_bits(&mut self, count: u64, n: u64) {
        self.bits += count * n;
        self.open_bits(count, n);
    }

    /// What was opened in so many steps is compared.
    fn opened(&mut self, steps: u64) {
        self.each_piece(steps * HASHES);
    }

    /// n random numbers, whose MACs are not checked.
    fn random(&mut self, n: u64) {
        self.each(13 * n);
    }

    /// The masks of truncations, if values are truncated by opening.
    pub fn masks(&mut self, cuts: &[Cut]) {
        if self.nearest {
            return;
        }
        for &(n, bits, shift) in cuts {
            self.random(2 * n);
            self.and(overflow_ands(shift) + overflow_ands(bits - shift), n);
            self.convert_bits(4, n);
            self.bits += n;
        }
    }

    /// Truncations in one step, their masks being there.
    pub fn truncate(&mut self, cuts: &[Cut]) {
        if self.nearest {
            for &(n, _, shift) in cuts {
                self.and(if shift <= 16 { 247 } else { 246 }, n);
                self.convert_bits(4, n);
                self.each(13 * n);
                self.note(n);
                self.each_piece(AND_WORD);
            }
            self.opened(1);
        } else {
            self.check_results();
            self.opened(1);
            cuts.iter().for_each(|(n, ..)| self.each(8 * n));
        }
    }

    /// Truncations by themselves.
    pub fn truncation(&mut self, cut: Cut) {
        self.masks(&[cut]);
        if !self.nearest {
            self.opened(1);
        }
        self.truncate(&[cut]);
    }

    /// n fixed-point numbers brought back to their scale, a thousand at a time.
    pub fn truncations(&mut self, n: u64, bits: u64, shift: u64) {
        pieces(n, 1000).for_each(|n| self.truncation((n, bits, shift)));
    }

    /// Comparisons of n numbers, without the hash of what is opened.
    fn compare(&mut self, n: u64) {
        self.and(115, n);
        self.convert_bits(1, n);
    }

    pub fn comparison(&mut self, n: u64) {
        self.compare(n);
        self.opened(1);
    }

    pub fn relu(&mut self, n: u64) {
        self.comparison(n);
        self.product(n);
    }

    /// Reciprocals of n numbers, or `width` quotients by each.
    fn quotients(&mut self, n: u64, width: u64, numerators: bool, has_masks: bool) {
        let many = n * width;
        if !has_masks {
            self.masks(&division_cuts(n, many));
        }
        self.comparison(n);
        self.product(n);
        self.and(410, n);
        self.open_bits(31, n);
        self.convert_bits(3, n);
        self.random(n);
        self.opened(2);
        self.product(2 * n);
        self.product(n);
        self.truncate(&[(n, 63, 30)]);
        self.product(if numerators { n + many } else { n });
        self.truncate(&[(many, 63, 16)]);
        for _ in 0..3 {
            self.product(n + many);
            self.truncate(&[(n, 62, 32), (many, 63, 32)]);
        }
        self.product(many);
        self.truncate(&[(many, 63, 32)]);
    }

    pub fn division(&mut self, n: u64, width: u64) {
        self.quotients(n, width, true, false);
    }

    pub fn reciprocal(&mut self, n: u64) {
        self.quotients(n, 1, false, false);
    }

    /// Powers of two, their masks being there.
    fn powers_of_two(&mut self, n: u64) {
        self.and(116, n);
        self.convert_bits(7, n);
        self.random(n);
        self.opened(1);
        self.each_piece(AND_WORD);
        self.product(2 * n);
        self.product(n);
        for powers in [5, 4, 4, 2] {
            self.product(powers * n);
            self.truncate(&vec![(n, 60, 29); powers as usize]);
        }
        self.truncate(&[(n, 60, 29)]);
        self.product(n);
        self.truncate(&[(n, 62, 13)]);
        self.truncate(&[(n, 33, 16)]);
        self.product(n);
    }

    pub fn exp2(&mut self, n: u64) {
        self.masks(&power_cuts(n));
        self.powers_of_two(n);
    }

    pub fn exp(&mut self, n: u64) {
        self.truncation((n, 45, 14));
        self.exp2(n);
    }

    /// How many ands and bits a mantissa and an exponent take, and what comes once with them, is found from the measured row: 482, 31,
    /// four hashes and two ands of a single word. All else is the program's text.
    pub fn logarithm(&mut self, n: u64) {
        self.masks(&division_cuts(n, n));
        self.masks(&[(n, 47, 16); 7]);
        self.comparison(n);
        self.product(n);
        self.and(482, n);
        self.convert_bits(31, n);
        self.random(n);
        self.opened(4);
        self.each_piece(2 * AND_WORD);
        [15, 14, 14, 14, 14].into_iter().for_each(|level| self.product(level * n));
        self.product(n);
        self.product(n);
        self.product(n);
        for _ in 0..2 {
            self.product(2 * n);
            self.truncate(&[(2 * n, 47, 16)]);
        }
        self.truncate(&[(2 * n, 47, 16)]);
        self.quotients(n, 1, true, true);
        self.truncate(&[(n, 47, 16)]);
    }

    /// The maximum of n rows of ten: 5, 2, 1 and 1 comparisons a row.
    pub fn maximum(&mut self, n: u64) {
        for pairs in [5, 2, 1, 1] {
            pieces(pairs * n, 1000).for_each(|n| self.comparison(n));
            self.product(pairs * n);
        }
    }

    /// What n rows of `relu_gradient` do.
    pub fn relu_gradient(&mut self, n: u64) {
        self.masks(&division_cuts(n, n));
        self.masks(&[(10 * n, 47, 16)]);
        self.relu(10 * n);
        self.quotients(n, 1, false, true);
        self.opened(1);
        self.product(10 * n);
        self.truncate(&[(10 * n, 47, 16)]);
    }

    /// What n rows of `exact` do forward: the largest logit, exponentials, those that are large enough; their loss.
    pub fn exponentials(&mut self, n: u64, loss: bool) {
        self.masks(&power_cuts(10 * n));
        self.masks(&[(10 * n, 45, 14)]);
        self.opened(1);
        self.maximum(n);
        self.comparison(10 * n);
        self.truncate(&[(10 * n, 45, 14)]);
        self.powers_of_two(10 * n);
        self.product(10 * n);
        if loss {
            self.loss(n, n);
        }
    }

    /// Logarithms and the products with them of n rows.
    pub fn loss(&mut self, logarithms: u64, n: u64) {
        self.logarithm(logarithms);
        self.product(n);
    }

    /// What was done since the last loop ended was a loop, or is done once, outside of all.
    fn end(&mut self, once: bool) {
        let before = |kind: usize| self.loops.iter().map(|own| own.takes[kind]).sum::<u64>();
        let takes = [self.bits - before(0), self.triples - before(1)];
        self.loops.push(Loop { takes, once });
    }

    pub fn end_loop(&mut self) {
        self.end(false);
    }

    /// The mean of the losses, which is there without a loss too.
    pub fn mean(&mut self) {
        self.truncation((1, 47, 16));
        self.end(true);
    }

    /// What was sent until now.
    pub fn sent(&self) -> [u64; 3] {
        self.sent
    }

    /// Everything that the program has sent, with what its checks, random bits and triples took.
    pub fn bytes_by_party(mut self) -> [u64; 3] {
        let whole = self.rules == Rules::Whole;
        if whole && self.has_results {
            self.check(0);
        }
        self.check_results();
        self.each(HASHES);
        if whole {
            if self.triples > 0 {
                self.make_triples(self.triple_words);
            }
            if self.bits > 0 {
                self.each(52 * self.bits + 26 * self.bits / 3 + HASHES);
                self.check(0);
            }
        } else {
            self.end_loop();
            self.make_all();
        }
        self.sent
    }

    /// What all loops take, when it is needed: triples of bits, as many as a loop takes; random bits in batches.
    fn make_all(&mut self) {
        let all = [self.bits, self.triples];
        let (mut left, mut batches) = ([0; 2], Vec::new());
        let loops = std::mem::take(&mut self.loops);
        if self.triples > 0 {
            self.each(FIRST_AND);
        }
        for Loop { takes, once } in &loops {
            let (mut own, whole) = if *once { ([0; 2], all) } else { (left, *takes) };
            while own[0] < takes[0] {
                batches.push(batch_of(whole[0]));
                own[0] += batch_of(whole[0]);
            }
            while own[1] < takes[1] {
                own[1] += 64 * self.make_triples(whole[1].div_ceil(64));
            }
            if !once {
                left = [own[0] - takes[0], own[1] - takes[1]];
            }
        }
        self.make_bits(&batches, u64::from(loops.len() > 1));
    }

    /// A batch of triples of bits, by cut and choose: how many words.
    fn make_triples(&mut self, words: u64) -> u64 {
        let (bucket, least) = BUCKETS[usize::from(11 * words < 10 * BUCKETS[0].1)];
        let number = words.max(least);
        // Made, opened, compared with those of their bucket.
        let products = bucket * number + OPENED_WORDS + 3 * OPENED_WORDS + 2 * (bucket - 1) * number;
        self.each(8 * products + COIN + HASHES);
        number
    }

    /// Random bits, in batches: two parties input bits, whose MACs are checked; so are the products; and that they are bits. Pairs of
    /// parties take turns, in programs with loops from the second one on.
    fn make_bits(&mut self, batches: &[u64], first: u64) {
        (self.results, self.checks) = (0, 0);
        for (number, batch) in (0..).zip(batches) {
            self.by_two(number + first, 13 * batch);
            self.each(26 * batch);
            self.check(number);
            self.product(*batch);
            // The sum that says that they are bits.
            self.product(1);
            self.each(COIN + HASHES);
        }
        self.check_results();
    }
}

/// The truncations of a division: of what is done for each divisor, and for each quotient.
fn division_cuts(n: u64, many: u64) -> Vec<Cut> {
    let mut cuts = vec![(n, 63, 30), (many, 63, 16), (many, 63, 32)];
    cuts.extend([(n, 62, 32), (many, 63, 32)].repeat(3));
    cuts
}

fn power_cuts(n: u64) -> Vec<Cut> {
    let mut cuts = vec![(n, 60, 29); 16];
    cuts.extend([(n, 62, 13), (n, 33, 16)]);
    cuts
}

/// A vector in pieces of at most so many.
pub fn pieces(n: u64, of: u64) -> impl Iterator<Item = u64> {
    (0..n.div_ceil(of)).map(move |piece| of.min(n - piece * of))
}

/// An iteration: the dense layers around what the output layer does.
pub fn iteration(program: &mut Program, widths: &[usize], output: impl FnOnce(&mut Program)) {
    let layers: Vec<(u64, u64)> = widths.windows(2).map(|pair| (pair[0] as u64, pair[1] as u64)).collect();
    let product = |program: &mut Program, n| {
        program.product(n);
        program.truncations(n, 47, 16);
        program.end_loop();
    };
    for (layer, &(_, outputs)) in layers.iter().enumerate() {
        product(program, 128 * outputs);
        if layer + 1 < layers.len() {
            pieces(128 * outputs, 1000).for_each(|n| program.comparison(n));
            program.product(128 * outputs);
            program.end_loop();
        }
    }
    output(program);
    for (layer, &(inputs, outputs)) in layers.iter().enumerate().rev() {
        if layer > 0 {
            product(program, 128 * inputs);
            program.product(128 * inputs);
        }
        product(program, inputs * outputs);
    }
    // Momentum and rate.
    for (inputs, outputs) in layers {
        for parameters in [inputs * outputs, outputs] {
            program.truncations(parameters, 46, 15);
            program.truncations(parameters, 47, 23);
            program.end_loop();
        }
    }
}

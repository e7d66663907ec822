//! A training, iteration by iteration.

use super::layers::{backward, forward};
use crate::data::Dataset;
use crate::nn::dataset::inputs;
use crate::nn::evaluate::{predicted, rows_together};
use crate::nn::initial::glorot_uniform;
use crate::nn::layer::{Layer, LayerKind};
use crate::nn::optimizer::Moment;
use crate::nn::training::TrainingProgram;
use crate::ring::{Content, Purpose, Real, StreamKey};
use crate::softmax::Softmax;

/// What an iteration says of itself.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Learnt {
    /// The loss, summed over the rows, if it was asked for and the output layer has one.
    pub loss: Option<f64>,
    /// Rows that were beyond the domain of the output layer's approximation.
    pub rows_beyond_domain: u64,
}

/// A training in floating point.
pub struct FloatTrainer<'a, T> {
    program: &'a TrainingProgram,
    data: &'a Dataset,
    seed: u64,
    /// Of each layer that has some: weights, then biases.
    parameters: Vec<Vec<T>>,
    /// What the optimiser remembers of them.
    memory: Vec<Vec<Vec<T>>>,
    moment: Moment,
    /// Iterations since the beginning.
    iterations: u64,
}

impl<'a, T: Real> FloatTrainer<'a, T> {
    /// Begins a training of a program on all rows of the data.
    pub fn new(program: &'a TrainingProgram, data: &'a Dataset, seed: u64) -> Self {
        let (parameters, memory) = (Vec::new(), Vec::new());
        let mut trainer =
            FloatTrainer { program, data, seed, parameters, memory, moment: Moment::START, iterations: 0 };
        trainer.begin(0);
        trainer
    }

    /// Fresh parameters, and nothing remembered of any step.
    fn begin(&mut self, attempt: u64) {
        let fresh = glorot_uniform(&self.program.layers, self.seed, attempt);
        let nearest = |own: Vec<f64>| own.into_iter().map(T::nearest).collect();
        self.parameters = fresh.into_iter().map(nearest).collect();
        let remembered = |own: &Vec<T>| self.program.descent.fresh_floats(own.len());
        self.memory = self.parameters.iter().map(remembered).collect();
    }

    /// An epoch begins, counted from 1: it has its learning rate.
    pub fn begin_epoch(&mut self, epoch: u64) {
        self.moment.epoch = epoch;
    }

    /// Starts again from other weights, at half the learning rate. `attempt` counts the restarts.
    pub fn restart(&mut self, attempt: u64) {
        self.begin(attempt);
        self.moment = Moment { halvings: self.moment.halvings + 1, step: 0, ..self.moment };
    }

    /// The parameters of each layer that has some: weights, then biases.
    pub fn parameters(&self) -> &[Vec<T>] {
        &self.parameters
    }

    /// The parameters of all layers, none for those without.
    fn own(&self) -> Vec<Option<&[T]>> {
        let mut parameters = self.parameters.iter();
        let of = |layer: &Layer| layer.fans().and_then(|_| parameters.next()).map(Vec::as_slice);
        self.program.layers.iter().map(of).collect()
    }

    /// One iteration on the given rows.
    pub fn iteration(&mut self, rows: &[usize]) -> Learnt {
        self.moment.step += 1;
        let (layers, own) = (&self.program.layers, self.own());
        let (mut x, mut kept) =
            (inputs(self.data, rows.iter().copied(), 0..self.data.width, T::nearest), Vec::new());
        for (at, (layer, own)) in layers.iter().zip(&own).enumerate() {
            let mask = self.mask(at, layer, x.len());
            let (next, keeps) = forward(layer, *own, mask, x);
            x = next;
            kept.push(keeps);
        }
        let (mut gradient, said) = self.output(&x, rows);
        // Layers before the first one with parameters have nothing to learn.
        let first = own.iter().position(Option::is_some).expect("a network has parameters");
        let mut gradients = Vec::new();
        for at in (first..layers.len()).rev() {
            let (learnt, inputs) = backward(&layers[at], own[at], &kept[at], gradient, at > first);
            gradients.extend(learnt);
            gradient = inputs.unwrap_or_default();
            kept.pop();
        }
        let learnt = gradients.iter().rev();
        for ((own, memory), gradient) in self.parameters.iter_mut().zip(&mut self.memory).zip(learnt) {
            self.program.descent.float_step(self.moment, memory, gradient, own);
        }
        self.iterations += 1;
        said
    }

    /// What a dropout multiplies by in this iteration: zero, or what keeps the mean. Drawn for itself, from the seed, the iteration
    /// and the layer: other values become zero than in the program on shares, in which no party may know which.
    fn mask(&self, at: usize, layer: &Layer, len: usize) -> Option<Vec<T>> {
        let LayerKind::Dropout(dropout) = layer.kind else { return None };
        let key = StreamKey {
            seed: self.seed,
            purpose: Purpose::Dropout,
            parties: 0,
            strand: at as u64,
            counter: self.iterations,
        };
        let words = key.vector(Content::Values, len);
        let stays = T::nearest(dropout.factor());
        let of = |&word: &u64| if word >> (u64::BITS - dropout.halvings) == 0 { T::default() } else { stays };
        Some(words.expect_values().iter().map(of).collect())
    }

    /// The gradient of the logits, and what is said of these rows. Each row in double precision, from logits as they are.
    fn output(&self, logits: &[T], rows: &[usize]) -> (Vec<T>, Learnt) {
        let softmax: Softmax = self.program.softmax;
        let mut gradients = Vec::with_capacity(logits.len());
        let mut said = Learnt::default();
        for (logits, &row) in logits.chunks_exact(softmax.logits(self.data.classes)).zip(rows) {
            let logits: Vec<f64> = logits.iter().map(|x| x.double()).collect();
            let class = usize::from(self.data.labels[row]);
            let label: Vec<f64> = softmax.label(class, self.data.classes).map(f64::from).collect();
            gradients.extend(softmax.gradient(&logits, &label).into_iter().map(T::nearest));
            said.rows_beyond_domain += u64::from(softmax.is_beyond_domain(&logits));
            if self.program.loss
                && let Some(loss) = softmax.loss(&logits, class)
            {
                *said.loss.get_or_insert(0.0) += loss;
            }
        }
        (gradients, said)
    }

    /// How many rows the network classifies rightly; of equal logits the first wins.
    pub fn correct_predictions(&self, data: &Dataset) -> usize {
        let (layers, own) = (&self.program.layers, self.own());
        let rows: Vec<usize> = (0..data.rows).collect();
        let right = |rows: &[usize]| {
            let passed = layers.iter().zip(&own);
            let logits = passed
                .fold(inputs(data, rows.iter().copied(), 0..data.width, T::nearest), |x, (layer, own)| {
                    forward(layer, *own, None, x).0
                });
            let rows = logits.chunks_exact(self.program.softmax.logits(data.classes)).zip(rows);
            rows.filter(|&(x, &row)| predicted(x.iter().copied()) == usize::from(data.labels[row])).count()
        };
        rows.chunks(rows_together(layers)).map(right).sum()
    }
}

//! The training program of one party.

use super::batches::{Parts, elements};
use super::dataset::{encode_images, encode_labels};
use super::initial::secret_weights;
use super::layer::{Layer, LayerKind, fans, parameter_spans};
use super::optimizer::{Descent, Followed, Moment};
use super::parameters::{Parameters, Weights};
use crate::data::{Block, Dataset, Owners};
use crate::protocol::{Demand, Protocol, RingShare, Role};
use crate::ring::Vector;
use crate::secure::{FixedPoint, Secure};
use crate::sim::{all, both};
use crate::softmax::{Logits, Softmax};

/// The party whose input the initial weights are, and the training data unless it has other owners.
pub const OWNER: usize = 0;

/// What is trained, and how.
#[derive(Clone, Debug)]
pub struct TrainingProgram {
    /// From the inputs to the logits.
    pub layers: Vec<Layer>,
    /// The output layer.
    pub softmax: Softmax,
    /// Whether the loss is computed and opened.
    pub loss: bool,
    /// Rows of the training data.
    pub rows: usize,
    /// Who brings them.
    pub owners: Owners,
    /// How weights follow their gradients.
    pub descent: Descent,
    /// Whether the parties draw the initial weights together; otherwise they are the owner's input.
    pub secret_weights: bool,
}

impl TrainingProgram {
    fn inputs(&self) -> usize {
        self.layers.first().expect("a network has a layer").input.values()
    }

    /// Outputs of the last layer: one for each class, or one for two if the output layer is a sigmoid.
    fn logits(&self) -> usize {
        self.layers.last().expect("a network has a layer").output.values()
    }

    /// Whether rows of the training data are themselves factors of the matrix products of the first layer.
    fn multiplies_inputs(&self) -> bool {
        let first = self.layers.iter().find(|layer| layer.kind != LayerKind::Flatten);
        first.is_some_and(|layer| matches!(layer.kind, LayerKind::Dense { .. }))
    }

    /// The parts of the images by owner.
    pub fn images(&self) -> Vec<Block> {
        self.owners.images(self.rows, self.inputs())
    }

    /// The parts of the labels by owner.
    pub fn labels(&self) -> Vec<Block> {
        self.owners.labels(self.rows, self.logits())
    }
}

/// The training data as ring elements, one vector for each part that a party owns ([`crate::data::Owners`]).
pub struct SecretData {
    /// Fixed-point numbers, rows x columns of each part.
    pub images: Vec<Vector>,
    /// Labels as the output layer takes them, rows x logits integers of each part.
    pub labels: Vec<Vector>,
}

impl SecretData {
    /// Rows of a data set, in this order: as many as the program has.
    pub fn of(program: &TrainingProgram, data: &Dataset, rows: &[usize], format: FixedPoint) -> Self {
        assert_eq!(rows.len(), program.rows, "the rows of the program");
        let images = program
            .images()
            .into_iter()
            .map(|block| encode_images(data, rows[block.rows].iter().copied(), block.columns, format).into());
        let labels = program
            .labels()
            .into_iter()
            .map(|block| encode_labels(data, rows[block.rows].iter().copied(), program.softmax).into());
        SecretData { images: images.collect(), labels: labels.collect() }
    }

    /// Data of which only the size is known.
    pub fn shape(program: &TrainingProgram) -> Self {
        let shapes = |blocks: Vec<Block>| blocks.iter().map(|block| Vector::shape(elements(block))).collect();
        SecretData { images: shapes(program.images()), labels: shapes(program.labels()) }
    }
}

/// What the parties bring along, all of them.
#[derive(Clone, Copy)]
pub struct Secrets<'a> {
    /// The training data.
    pub data: &'a SecretData,
    /// The initial weights.
    pub weights: &'a [Weights],
}

/// What one party brings along: the parts that it owns.
pub struct Brought<'a> {
    /// Parts of the images.
    pub images: Vec<Option<&'a Vector>>,
    /// Parts of the labels.
    pub labels: Vec<Option<&'a Vector>>,
    /// The initial weights.
    pub weights: Option<&'a [Weights]>,
}

impl<'a> Secrets<'a> {
    /// What a party brings; one that is alone brings everything.
    pub fn of_party(&self, program: &TrainingProgram, party: usize, alone: bool) -> Brought<'a> {
        let owned = |blocks: Vec<Block>, vectors: &'a [Vector]| {
            assert_eq!(blocks.len(), vectors.len(), "a vector for each part");
            let parts = blocks.iter().zip(vectors);
            parts.map(|(block, vector)| (alone || block.party == party).then_some(vector)).collect()
        };
        Brought {
            images: owned(program.images(), &self.data.images),
            labels: owned(program.labels(), &self.data.labels),
            weights: (alone || party == OWNER).then_some(self.weights),
        }
    }
}

/// The rows of one iteration.
pub struct Batch<S> {
    images: S,
    labels: S,
}

/// The parameters of a network, layer by layer of those that have some, and what an optimiser keeps for each of them.
struct Model<S> {
    parameters: Vec<Parameters<S>>,
    /// What is remembered of each, weights and bias one after the other.
    memory: Vec<Vec<S>>,
}

/// A party in the middle of a training.
pub struct Trainer<P: Protocol> {
    secure: Secure<P>,
    program: TrainingProgram,
    images: Parts<P::Share>,
    labels: Parts<P::Share>,
    model: Model<P::Share>,
    moment: Moment,
    masks: Masks<P::Share>,
}

/// What dropouts let stay, layer by layer, ones and zeros.
struct Masks<S> {
    /// In the next iteration, in place of what they would draw.
    given: Option<Vec<Vector>>,
    /// In the last iteration.
    used: Vec<S>,
}

/// The offline phase of a program. Dealers take part in it too.
pub async fn prepare<P: Protocol>(protocol: &P, demand: &Demand) {
    let _span = (!demand.is_empty()).then(|| protocol.span("offline"));
    protocol.prepare(demand).await;
}

/// The initial weights, drawn together or given by their owner; of all layers side by side.
async fn initial_weights<P: Protocol>(
    secure: &Secure<P>,
    program: &TrainingProgram,
    weights: Option<&[Weights]>,
) -> Model<P::Share> {
    if !program.secret_weights {
        return input_weights(secure, program, weights).await;
    }
    let _span = secure.span("weights");
    let all_fans = fans(&program.layers);
    let strands = secure.fork_n(all_fans.len());
    let drawn = strands.iter().zip(&all_fans).map(async |(strand, &fans)| secret_weights(strand, fans).await);
    let parameters = all(drawn.collect()).await;
    let memory = all_fans.iter().map(|fans| program.descent.fresh(secure, fans.parameters())).collect();
    Model { parameters, memory }
}

/// Shares the initial weights, which only their owner gives; all layers go out together.
async fn input_weights<P: Protocol>(
    secure: &Secure<P>,
    program: &TrainingProgram,
    weights: Option<&[Weights]>,
) -> Model<P::Share> {
    let _span = secure.span("weights");
    let all_fans = fans(&program.layers);
    let strands = secure.fork_n(all_fans.len());
    let inputs = strands.iter().zip(&all_fans).enumerate().map(async |(i, (strand, &fans))| {
        let secret = weights.map(|weights| Vector::concat(&[&weights[i].weights, &weights[i].bias]));
        Parameters::split(&strand.protocol.input(OWNER, fans.parameters(), secret.as_ref()).await, fans)
    });
    let parameters = all(inputs.collect()).await;
    let memory = all_fans.iter().map(|fans| program.descent.fresh(secure, fans.parameters())).collect();
    Model { parameters, memory }
}

impl<P: Protocol> Trainer<P> {
    /// The correlated randomness that was taken since the last phase began.
    pub fn demand(&self) -> Demand {
        self.secure.protocol.demand()
    }

    /// What this party is for.
    pub fn role(&self) -> Role {
        self.secure.protocol.role()
    }

    /// Sets [`Secure::most_at_once`].
    pub fn round_in_pieces(&mut self, most_at_once: usize) {
        self.secure.most_at_once = most_at_once;
    }

    /// Begins a phase: prepares what it will take.
    pub async fn prepare(&self, demand: &Demand) {
        prepare(&self.secure.protocol, demand).await;
    }

    /// The set-up: training data and initial weights are shared. A party brings what it owns.
    pub async fn set_up(secure: Secure<P>, program: TrainingProgram, brought: Brought<'_>) -> Self {
        let set_up = secure.span("setup");
        let [image_strand, label_strand, weight_strand] = secure.fork();
        let images = async || {
            let _span = image_strand.span("images");
            let images = Parts::input(&image_strand, program.images(), &brought.images).await;
            if program.multiplies_inputs() { images.fix(&image_strand).await } else { images }
        };
        let labels = async || {
            let _span = label_strand.span("labels");
            Parts::input(&label_strand, program.labels(), &brought.labels).await
        };
        let ((images, labels), model) =
            both(both(images(), labels()), initial_weights(&weight_strand, &program, brought.weights)).await;
        secure.protocol.check().await;
        drop(set_up);
        let masks = Masks { given: None, used: Vec::new() };
        Trainer { secure, program, images, labels, model, moment: Moment::START, masks }
    }

    /// An epoch begins, counted from 1: it has its learning rate.
    pub fn begin_epoch(&mut self, epoch: u64) {
        self.moment.epoch = epoch;
    }

    /// Starts again from other weights, which only their owner gives, at half the learning rate.
    pub async fn restart(&mut self, weights: Option<&[Weights]>) {
        let _span = self.secure.span("restart");
        self.model = initial_weights(&self.secure, &self.program, weights).await;
        self.moment = Moment { halvings: self.moment.halvings + 1, step: 0, ..self.moment };
        self.secure.protocol.check().await;
    }

    /// Goes on with these weights, in place of those drawn; only their owner gives them.
    pub async fn give_weights(&mut self, weights: Option<&[Weights]>) {
        self.model = input_weights(&self.secure, &self.program, weights).await;
        self.secure.protocol.check().await;
    }

    /// One iteration on the given rows. The mean loss is opened if the program says so.
    pub async fn iteration(&mut self, rows: &[usize]) -> Option<Vector> {
        self.moment.step += 1;
        let secure = &self.secure;
        let _span = secure.span("iteration");
        let batch = Batch { images: self.images.rows(rows), labels: self.labels.rows(rows) };
        let [memory_strand, pass_strand] = secure.fork();
        let given = self.masks.given.take();
        let (prepared, (gradients, loss, used)) = both(
            prepare_steps(&memory_strand, &self.program, std::mem::take(&mut self.model.memory)),
            // A large state machine, which moves less often in a box.
            Box::pin(gradients(&pass_strand, &self.program, &self.model, &batch, given)),
        )
        .await;
        self.masks.used = used;
        if loss.is_some() {
            // The loss is about to be opened.
            secure.protocol.check().await;
        }
        let [update_strand, loss_strand] = secure.fork();
        let ((), opened) = both(
            update(&update_strand, (&self.program, self.moment), &mut self.model, prepared, gradients),
            async {
                let _span = loss_strand.span("loss");
                match loss {
                    Some(loss) => Some(loss_strand.protocol.open(&loss.row_sums(rows.len())).await),
                    None => None,
                }
            },
        )
        .await;
        secure.protocol.check().await;
        opened
    }

    /// What dropouts let stay in the next iteration, in place of what they would draw.
    pub fn give_masks(&mut self, masks: Vec<Vector>) {
        self.masks.given = Some(masks);
    }

    /// Everybody learns what dropouts let stay in the last iteration.
    pub async fn open_masks(&self) -> Vec<Vector> {
        let mut opened = Vec::new();
        for mask in &self.masks.used {
            opened.push(self.secure.protocol.open(mask).await);
        }
        self.secure.protocol.check().await;
        opened
    }

    /// Everybody learns the weights.
    pub async fn open_weights(&self) -> Vec<Weights> {
        let _span = self.secure.span("open_weights");
        let mut opened = Vec::new();
        for own in &self.model.parameters {
            let both = self.secure.protocol.open(&own.joined()).await;
            let split = own.weights.len();
            opened.push(Weights { weights: both.slice(0, split), bias: both.slice(split, both.len()) });
        }
        self.secure.protocol.check().await;
        opened
    }
}

/// Gradients of all parameters, those of the first layer first, the loss of each row, and what dropouts let stay.
async fn gradients<P: Protocol>(
    secure: &Secure<P>,
    program: &TrainingProgram,
    model: &Model<P::Share>,
    batch: &Batch<P::Share>,
    masks: Option<Vec<Vector>>,
) -> (Vec<Parameters<P::Share>>, Option<P::Share>, Vec<P::Share>) {
    let mut parameters = model.parameters.iter();
    let own: Vec<_> =
        program.layers.iter().map(|layer| layer.fans().and_then(|_| parameters.next())).collect();
    let (mut x, mut kept) = (batch.images.clone(), Vec::new());
    let (mut given, mut used) = (masks.into_iter().flatten(), Vec::new());
    for (layer, own) in program.layers.iter().zip(&own) {
        let _layer = secure.span(layer.span.clone());
        let _direction = secure.span("forward");
        let draws = matches!(layer.kind, LayerKind::Dropout(_));
        let mask = if draws { given.next() } else { None };
        let (next, keeps) = layer.forward(secure, *own, mask.as_ref(), &x).await;
        used.extend(keeps.clone().filter(|_| draws));
        x = next;
        kept.push(keeps);
    }
    let output = {
        let _layer = secure.span("output");
        let _direction = secure.span("backward");
        let _op = secure.span(program.softmax.name());
        let batch = Logits { logits: &x, labels: &batch.labels, classes: program.logits() };
        Box::pin(program.softmax.output_layer(secure, batch, program.loss)).await
    };
    // Layers before the first one with parameters have nothing to learn.
    let first = own.iter().position(Option::is_some).expect("a network has parameters");
    let mut gradient = output.gradient;
    let mut all_gradients = Vec::new();
    for (i, layer) in program.layers.iter().enumerate().skip(first).rev() {
        let _layer = secure.span(layer.span.clone());
        let _direction = secure.span("backward");
        let keeps = kept.pop().flatten();
        let (learnt, inputs) = layer.backward(secure, own[i], keeps.as_ref(), &gradient, i > first).await;
        all_gradients.extend(learnt);
        if let Some(inputs) = inputs {
            gradient = inputs;
        }
    }
    all_gradients.reverse();
    (all_gradients, output.loss, used)
}

/// What the steps of all layers need of what is remembered alone, side by side. What was remembered goes: it takes memory.
async fn prepare_steps<P: Protocol>(
    secure: &Secure<P>,
    program: &TrainingProgram,
    memory: Vec<Vec<P::Share>>,
) -> Vec<Vec<P::Share>> {
    let strands = secure.fork_n(memory.len());
    let spans = parameter_spans(&program.layers);
    let prepared = strands.iter().zip(spans).zip(memory).map(async |((strand, span), memory)| {
        let _layer = strand.span(span.to_string());
        let _direction = strand.span("update");
        program.descent.prepare(strand, memory).await
    });
    all(prepared.collect()).await
}

/// The step of all layers side by side, and their new changes.
async fn update<P: Protocol>(
    secure: &Secure<P>,
    (program, moment): (&TrainingProgram, Moment),
    model: &mut Model<P::Share>,
    prepared: Vec<Vec<P::Share>>,
    gradients: Vec<Parameters<P::Share>>,
) {
    let strands = secure.fork_n(model.parameters.len());
    let spans = parameter_spans(&program.layers);
    let followed = model.parameters.iter().zip(prepared).zip(gradients);
    let steps =
        strands.iter().zip(spans).zip(followed).map(async |((strand, span), ((own, prepared), gradient))| {
            let _layer = strand.span(span.to_string());
            let _direction = strand.span("update");
            let joined = gradient.joined();
            drop(gradient);
            let parameters = (program.descent.weight_decay > 0.0).then(|| own.joined());
            let followed = Followed { parameters, prepared, gradient: joined };
            program.descent.step(strand, moment, followed).await
        });
    let steps = all(steps.collect()).await;
    let all_fans = fans(&program.layers);
    for ((own, fans), (remembered, step)) in model.parameters.iter_mut().zip(all_fans).zip(steps) {
        let step = Parameters::split(&step, fans);
        own.weights = own.weights.add(&step.weights);
        own.bias = own.bias.add(&step.bias);
        model.memory.push(remembered);
    }
}

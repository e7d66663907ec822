//! The variants that a scenario can name: one line each.

use std::fmt;

use super::{
    Adhoc, ClippedLimit, Exact, Limit, Logits, Lookup, Ode, OutputLayer, Pade, Parameter, QuadraticExp,
    ReluGradient, ReluNorm, ReluProbability, Setting, Sigmoid, SigmoidPiecewise, SigmoidPolynomial,
    SoftmaxVariant, Taylor, TwoQuad, TwoRelu,
};
use crate::protocol::Protocol;
use crate::secure::{FixedPoint, Secure};

macro_rules! variants {
    ($($name:literal, $variant:ident, $description:literal, $paper:literal;)*) => {
        /// A variant of the registry, with its parameters.
        #[derive(Clone, Copy, Debug, PartialEq)]
        pub enum Softmax {
            $(#[doc = $description] $variant($variant),)*
        }

        impl Softmax {
            /// All of them, with the published parameters.
            pub const ALL: [Softmax; [$($name),*].len()] = [$(Softmax::$variant($variant::DEFAULT)),*];

            /// The name in scenario files.
            pub const fn name(self) -> &'static str {
                match self { $(Softmax::$variant(_) => $name,)* }
            }

            /// One line on what it is.
            pub const fn description(self) -> &'static str {
                match self { $(Softmax::$variant(_) => $description,)* }
            }

            /// Where it is from.
            pub const fn paper(self) -> &'static str {
                match self { $(Softmax::$variant(_) => $paper,)* }
            }

            /// See [`SoftmaxVariant::FORMULA`].
            pub const fn formula(self) -> &'static str {
                match self { $(Softmax::$variant(_) => $variant::FORMULA,)* }
            }

            /// See [`SoftmaxVariant::DOMAIN`].
            pub const fn domain(self) -> &'static str {
                match self { $(Softmax::$variant(_) => $variant::DOMAIN,)* }
            }

            /// See [`SoftmaxVariant::IS_SIGMOID`].
            pub const fn is_sigmoid(self) -> bool {
                match self { $(Softmax::$variant(_) => $variant::IS_SIGMOID,)* }
            }

            /// See [`SoftmaxVariant::REVEALS`].
            pub const fn reveals(self) -> Option<&'static str> {
                match self { $(Softmax::$variant(_) => $variant::REVEALS,)* }
            }

            /// See [`SoftmaxVariant::PARAMETERS`].
            pub const fn parameters(self) -> &'static [Parameter] {
                match self { $(Softmax::$variant(_) => $variant::PARAMETERS,)* }
            }

            /// See [`SoftmaxVariant::settings`].
            pub fn settings(self) -> Vec<Setting> {
                match self { $(Softmax::$variant(variant) => variant.settings(),)* }
            }

            /// The same variant with other settings, see [`SoftmaxVariant::with`].
            pub fn with(self, settings: &[Setting]) -> Softmax {
                match self { $(Softmax::$variant(_) => Softmax::$variant($variant::with(settings)),)* }
            }

            /// See [`SoftmaxVariant::refusal`].
            fn own_refusal(self, format: FixedPoint, classes: usize) -> Option<String> {
                match self { $(Softmax::$variant(variant) => variant.refusal(format, classes),)* }
            }

            /// See [`SoftmaxVariant::divides_coarsely`].
            pub fn divides_coarsely(self) -> bool {
                match self { $(Softmax::$variant(variant) => variant.divides_coarsely(),)* }
            }

            /// Runs the variant, see [`SoftmaxVariant::output_layer`].
            pub async fn output_layer<P: Protocol>(
                self,
                secure: &Secure<P>,
                batch: Logits<'_, P::Share>,
                with_loss: bool,
            ) -> OutputLayer<P::Share> {
                match self {
                    // Boxed, or the state machine would be as large as that of the largest variant wherever it moves.
                    $(Softmax::$variant(variant) => {
                        Box::pin(variant.output_layer(secure, batch, with_loss)).await
                    })*
                }
            }

            /// See [`SoftmaxVariant::probabilities`].
            pub fn probabilities(self, logits: &[f64]) -> Vec<f64> {
                match self { $(Softmax::$variant(variant) => variant.probabilities(logits),)* }
            }

            /// See [`SoftmaxVariant::gradient`].
            pub fn gradient(self, logits: &[f64], label: &[f64]) -> Vec<f64> {
                match self { $(Softmax::$variant(variant) => variant.gradient(logits, label),)* }
            }

            /// See [`SoftmaxVariant::loss`].
            pub fn loss(self, logits: &[f64], class: usize) -> Option<f64> {
                match self { $(Softmax::$variant(variant) => variant.loss(logits, class),)* }
            }

            /// See [`SoftmaxVariant::is_beyond_domain`].
            pub fn is_beyond_domain(self, logits: &[f64]) -> bool {
                match self { $(Softmax::$variant(variant) => variant.is_beyond_domain(logits),)* }
            }

            /// See [`SoftmaxVariant::distribution`].
            pub fn distribution(self, logits: &[f64], unlabelled: &[f64]) -> Vec<f64> {
                match self { $(Softmax::$variant(variant) => variant.distribution(logits, unlabelled),)* }
            }
        }
    };
}

variants! {
    "exact", Exact, "e^x / sum e^x, the maximum taken off first; gradient p - y",
        "the usual softmax, as in Keller and Sun, arXiv 2011.11202";
    "relu_probability", ReluProbability,
        "relu(x) / sum relu(x) as output distribution, with the gradient of its own cross entropy",
        "Mohassel and Zhang, S&P 2017; the use \"relu_prob\" in Keller and Sun, arXiv 2011.11202";
    "relu_gradient", ReluGradient, "relu(x) / sum relu(x) - y as gradient, whatever the loss",
        "Mohassel and Zhang, S&P 2017; the use \"relu_grad\" in Keller and Sun, arXiv 2011.11202";
    "limit", Limit, "the exponential as (1 + d/2^n)^(2^n), a Newton reciprocal",
        "CrypTen, NeurIPS 2021: cryptensor/approximations.py of its sources";
    "taylor", Taylor, "the exponential as (1 + d/2^n)^(2^n), a reciprocal in two steps",
        "SecretFlow-SPU, USENIX ATC 2023: fxp_approx.cc and fxp_base.cc of its sources";
    "pade", Pade, "2^(x log2 e) by bits and a polynomial of degree 5, a reciprocal in two steps",
        "SecretFlow-SPU, USENIX ATC 2023: fxp_approx.cc and fxp_base.cc of its sources";
    "clipped_limit", ClippedLimit, "the exponential as (1 + d/2^n)^(2^n), zero below -14",
        "PUMA, arXiv 2307.12533; BumbleBee, NDSS 2025, has 6 squarings";
    "ode", Ode, "the solution of a differential equation in steps of Euler's method",
        "QSMax: Zheng et al., ACSAC 2023; with the clipping of SHAFT, NDSS 2025";
    "two_quad", TwoQuad, "(x + c)^2 / sum (x + c)^2", "2Quad: MPCFormer, ICLR 2023";
    "two_relu", TwoRelu, "relu(x) / sum relu(x), divided as a whole", "2ReLU: MPCFormer, ICLR 2023";
    "quadratic_exp", QuadraticExp, "the exponential as a quadratic polynomial, shifted",
        "I-BERT, ICML 2021; BOLT, S&P 2024";
    "relu_norm", ReluNorm, "relu(x) / sum relu(x); the bit length of each sum is opened",
        "Piranha, USENIX Security 2022: _relu_norm_grad and mpc/RSS.inl of its sources";
    "adhoc", Adhoc, "d/2 + 1 in place of e^d above -2; each sum is opened",
        "Piranha, USENIX Security 2022: _adhoc_softmax_grad of its sources";
    "lookup", Lookup, "the exponential as a product of entries of one-hot tables",
        "the reference system MP-SPDZ: mux_exp of its sources";
    "sigmoid", Sigmoid, "1 / (1 + e^-x) with one logit for two classes; gradient p - y",
        "the usual sigmoid, as in the reference system MP-SPDZ";
    "sigmoid_piecewise", SigmoidPiecewise, "x + 1/2, cut off at zero and one; two classes",
        "SecureML: Mohassel and Zhang, S&P 2017";
    "sigmoid_polynomial", SigmoidPolynomial, "a polynomial fitted to the sigmoid on [-8, 8]; two classes",
        "Kim et al., JMIR Medical Informatics 2018; degree 5: Kim et al., BMC Medical Genomics 2018";
}

impl Softmax {
    /// Those with a logit for each class.
    pub fn of_classes() -> impl Iterator<Item = Softmax> + Clone {
        Softmax::ALL.into_iter().filter(|softmax| !softmax.is_sigmoid())
    }

    /// Those with one logit for two classes.
    pub fn sigmoids() -> impl Iterator<Item = Softmax> + Clone {
        Softmax::ALL.into_iter().filter(|softmax| softmax.is_sigmoid())
    }

    /// How many logits a row has, and integers its label.
    pub const fn logits(self, classes: usize) -> usize {
        if self.is_sigmoid() { 1 } else { classes }
    }

    /// A class as the label of a row: one-hot, or one number for a sigmoid.
    pub fn label(self, class: usize, classes: usize) -> impl Iterator<Item = u8> {
        let first = if self.is_sigmoid() { 1 } else { 0 };
        (first..classes).map(move |other| u8::from(other == class))
    }

    /// Why it cannot serve so many classes in a number format, and what would do; none if it can.
    pub fn refusal(self, format: FixedPoint, classes: usize) -> Option<String> {
        if self.is_sigmoid() && classes != 2 {
            return Some(format!("a sigmoid is for two classes, and the data has {classes}"));
        }
        self.own_refusal(format, classes)
    }

    /// The same variant with the published parameters.
    fn with_defaults(self) -> Softmax {
        let same = |other: &&Softmax| other.name() == self.name();
        *Softmax::ALL.iter().find(same).expect("all variants are there")
    }

    /// The settings behind the name, `limit(squarings: 8)`: those that `is_shown` says, none: the name alone.
    fn written(self, is_shown: impl Fn(usize) -> bool) -> String {
        let parameters = self.parameters().iter().zip(self.settings()).enumerate();
        let shown = parameters.filter(|(i, _)| is_shown(*i));
        let shown: Vec<String> = shown.map(|(_, (p, setting))| format!("{}: {setting}", p.name)).collect();
        if shown.is_empty() {
            return self.name().to_string();
        }
        format!("{}({})", self.name(), shown.join(", "))
    }

    /// As a scenario file has it, every setting written out.
    pub fn in_full(self) -> String {
        self.written(|_| true)
    }
}

impl fmt::Display for Softmax {
    /// The name, and what is set to something else than the default.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (own, default) = (self.settings(), self.with_defaults().settings());
        f.write_str(&self.written(|i| own[i] != default[i]))
    }
}

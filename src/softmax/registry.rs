//! The variants that a scenario can name: one line each.

use super::{Exact, Logits, OutputLayer, ReluGradient, ReluProbability, SoftmaxVariant};
use crate::protocol::Protocol;
use crate::secure::{FixedPoint, Secure};

macro_rules! variants {
    ($($name:literal, $variant:ident, $description:literal, $paper:literal;)*) => {
        /// A variant of the registry.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Softmax {
            $(#[doc = $description] $variant,)*
        }

        impl Softmax {
            /// All of them.
            pub const ALL: [Softmax; [$($name),*].len()] = [$(Softmax::$variant),*];

            /// The name in scenario files.
            pub fn name(self) -> &'static str {
                match self { $(Softmax::$variant => $name,)* }
            }

            /// One line on what it is.
            pub fn description(self) -> &'static str {
                match self { $(Softmax::$variant => $description,)* }
            }

            /// Where it is from.
            pub fn paper(self) -> &'static str {
                match self { $(Softmax::$variant => $paper,)* }
            }

            /// Why the variant cannot serve so many classes in a number format; none if it can.
            pub fn refusal(self, format: FixedPoint, classes: usize) -> Option<String> {
                match self { $(Softmax::$variant => $variant::refusal(format, classes),)* }
            }

            /// Runs the variant, see [`SoftmaxVariant::output_layer`].
            pub async fn output_layer<P: Protocol>(
                self,
                secure: &Secure<P>,
                batch: Logits<'_, P::Share>,
                with_loss: bool,
            ) -> OutputLayer<P::Share> {
                match self {
                    $(Softmax::$variant => $variant::output_layer(secure, batch, with_loss).await,)*
                }
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
}

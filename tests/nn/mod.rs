//! Layers and networks of layers, against the same in 64-bit floats by plain loops over rows, columns and channels.

mod floating;
mod floats;
mod layers;
mod networks;

//! The data of a plan.

use crate::data::{DataError, TrainTest, load_within};
use crate::scenario::Plan;

/// Reads the data set of a plan; what its number format does not hold is refused.
pub fn load(plan: &Plan) -> Result<TrainTest, DataError> {
    load_within(&plan.data, plan.fixed_point.largest())
}

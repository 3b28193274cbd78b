//! The hot paths: what is done once per observed response. Their cost follows the observed responses, and
//! their results do not depend on the number of threads: every output element is summed by one task in a
//! fixed order.

pub mod adam;
pub mod bound;
pub mod encoder;
pub mod fused_bound;
pub mod item_nodes;
pub mod log_posterior;
pub mod points;
pub mod prior;
pub mod respondent;
pub mod score;
pub mod slots;
pub mod tables;
pub mod terms;

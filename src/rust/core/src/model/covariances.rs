//! Covariances of the item parameters.

/// Covariances of the parameters in each row of the table of the items: lower triangles, NaN where they are not known.
#[derive(Clone, Debug, Default)]
pub struct ItemCovariances {
    /// On the scale of the traits' prior.
    pub prior: Vec<f64>,
    /// On the scale on which the respondents' posterior means have mean 0 and standard deviation 1.
    pub normalised: Vec<f64>,
    /// The same on axes that keep the estimates closest to themselves: for predictions, which do not depend on the axes.
    pub aligned: Vec<f64>,
}

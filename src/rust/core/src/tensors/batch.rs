//! A minibatch on a device.

use crate::responses::batch::Batch;
use crate::responses::catalogue::ItemCatalogue;
use crate::tensors::segments::{NO_ROW, Segments};
use candle_core::{Device, Result, Tensor};

/// What the encoder takes from a batch.
pub(crate) struct Pooling {
    /// Number of responses by position.
    pub counts: Vec<u32>,
    /// The embeddings of a respondent's responses: rows of `n_options` to `n_respondents`.
    pub embeddings: Segments,
}

/// What the likelihood takes from a batch: its responses as indices on a device. Slots are numbered as in [`Batch`].
pub(crate) struct TensorBatch {
    /// `n_responses` to `n_respondents`.
    pub responses_by_respondent: Segments,
    /// `n_slots` to `n_responses`; nothing where every response has one slot.
    slots_by_response: Option<Segments>,
    /// The response of every slot, where there are several to a response.
    response_of_slot: Option<Tensor>,
    /// The parameter row of every slot.
    pub row_of_slot: Tensor,
    /// The position of the respondent of every slot.
    pub owner_of_slot: Tensor,
    /// The slot of the option chosen by response, [`NO_ROW`] for the reference.
    pub chosen_slot: Tensor,
    /// 1 in the slots of options that were chosen, else 0; `n_slots x 1`.
    pub is_chosen: Tensor,
}

/// The way back from a batch to the traits and the parameters.
pub(crate) struct Origins {
    /// `n_slots` to `n_respondents`.
    pub slots_by_respondent: Segments,
    /// Rows of `n_respondents` to `n_options`: who chose an option.
    pub choosers: Segments,
    /// `n_slots` to the parameter rows.
    pub slots_by_row: Segments,
    /// How many chose it, by option.
    pub n_choosers: Vec<u32>,
    /// How many respondents answered it, by item.
    pub n_answers: Vec<u32>,
}

impl Pooling {
    pub fn new(batch: &Batch, device: &Device) -> Result<Self> {
        let owner = owner_of_response(batch);
        Ok(Self {
            counts: batch.response_counts(),
            embeddings: Segments::new(&owner, Some(&options_of(batch)), batch.n_respondents(), device)?,
        })
    }
}

impl TensorBatch {
    pub fn new(batch: &Batch, device: &Device) -> Result<Self> {
        let (n, n_slots) = (batch.n_respondents(), batch.n_slots());
        let responses = batch.responses();
        let owner = owner_of_response(batch);
        let mut owner_of_slot = Vec::with_capacity(n_slots);
        let mut response_of_slot = Vec::with_capacity(n_slots);
        let mut rows = Vec::with_capacity(n_slots);
        let mut chosen_slot = Vec::with_capacity(responses.len());
        let mut is_chosen = vec![0.0f32; n_slots];
        for (number, (response, &position)) in responses.iter().zip(&owner).enumerate() {
            let first = rows.len();
            for row in response.rows() {
                rows.push(row as u32);
                owner_of_slot.push(position);
                response_of_slot.push(number as u32);
            }
            match response.chosen {
                0 => chosen_slot.push(NO_ROW),
                chosen => {
                    let slot = first + chosen as usize - 1;
                    chosen_slot.push(slot as u32);
                    is_chosen[slot] = 1.0;
                }
            }
        }
        let several = n_slots > responses.len();
        let slots_by_response = several
            .then(|| Segments::new(&response_of_slot, None, responses.len(), device))
            .transpose()?;
        let index = |values: Vec<u32>| {
            let n = values.len();
            Tensor::from_vec(values, n, device)
        };
        Ok(Self {
            responses_by_respondent: Segments::new(&owner, None, n, device)?,
            slots_by_response,
            response_of_slot: several.then(|| index(response_of_slot)).transpose()?,
            row_of_slot: index(rows)?,
            owner_of_slot: index(owner_of_slot)?,
            chosen_slot: index(chosen_slot)?,
            is_chosen: Tensor::from_vec(is_chosen, (n_slots, 1), device)?,
        })
    }

    /// Sums over the slots of every response.
    pub fn sum_by_response(&self, slots: &Tensor) -> Result<Tensor> {
        self.slots_by_response
            .as_ref()
            .map_or_else(|| Ok(slots.clone()), |segments| segments.sum(slots))
    }

    /// The largest of the slots of every response, at least 0.
    pub fn largest_by_response(&self, slots: &Tensor) -> Result<Tensor> {
        self.slots_by_response
            .as_ref()
            .map_or_else(|| slots.relu(), |segments| segments.max_or_zero(slots))
    }

    /// What the response of every slot has.
    pub fn of_response(&self, responses: &Tensor) -> Result<Tensor> {
        self.response_of_slot
            .as_ref()
            .map_or_else(|| Ok(responses.clone()), |index| responses.index_select(index, 0))
    }
}

impl Origins {
    pub fn new(batch: &Batch, catalogue: &ItemCatalogue, device: &Device) -> Result<Self> {
        let options = options_of(batch);
        let owner = owner_of_response(batch);
        let slots = batch.responses().iter().zip(&owner);
        let owner_of_slot: Vec<u32> = slots
            .flat_map(|(response, &position)| std::iter::repeat_n(position, response.n_rows as usize))
            .collect();
        let mut n_choosers = vec![0; catalogue.n_options()];
        options
            .iter()
            .for_each(|&option| n_choosers[option as usize] += 1);
        let n_answers = (0..catalogue.n_items())
            .map(|item| n_choosers[catalogue.options_of(item)].iter().sum())
            .collect();
        Ok(Self {
            slots_by_respondent: Segments::new(&owner_of_slot, None, batch.n_respondents(), device)?,
            choosers: Segments::new(&options, Some(&owner), catalogue.n_options(), device)?,
            slots_by_row: slots_by_row(batch, catalogue, device)?,
            n_choosers,
            n_answers,
        })
    }
}

/// `n_slots` to the parameter rows.
pub(crate) fn slots_by_row(batch: &Batch, catalogue: &ItemCatalogue, device: &Device) -> Result<Segments> {
    let rows = batch.responses().iter().flat_map(|response| response.rows());
    let rows: Vec<u32> = rows.map(|row| row as u32).collect();
    Segments::new(&rows, None, catalogue.n_parameter_rows(), device)
}

/// The option chosen by every response.
fn options_of(batch: &Batch) -> Vec<u32> {
    batch.responses().iter().map(|response| response.option).collect()
}

/// The position of the respondent of every response.
fn owner_of_response(batch: &Batch) -> Vec<u32> {
    (0..batch.n_respondents())
        .flat_map(|position| std::iter::repeat_n(position as u32, batch.numbers_of(position).len()))
        .collect()
}

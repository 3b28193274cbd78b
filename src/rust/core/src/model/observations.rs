//! The responses of a batch as operations of Candle take them.

use crate::base::membership::Membership;
use crate::base::selection::Selection;
use crate::responses::batch::Batch;
use crate::responses::item_kind::ItemKind;
use crate::responses::response::Response;
use candle_core::{Device, Result, Tensor};

/// Who gave which response, on a device. Responses have numbers and slots as in [`Batch`]: a slot for every option of the item
/// but the reference.
#[derive(Clone, Debug)]
pub struct Observations {
    /// Responses make up respondents.
    responses: Membership,
    /// Slots make up respondents.
    slots: Membership,
    /// Slots make up responses; nothing where every response has one.
    slots_of_responses: Option<Membership>,
    /// The slots of the options that were chosen; none where that is the reference.
    chosen: Selection,
    /// 1 in those slots, else 0: `n_slots x 1`.
    pub is_chosen: Tensor,
    /// `ln(1 + number of responses)`, `n_respondents x 1`.
    pub log_counts: Tensor,
    /// The responses to items whose options are in order; nothing where all have two options or no order.
    pub ordered: Option<Ordered>,
}

/// Between which predictors the responses lie whose options are in order, those with two options among them: `n_responses x 1`.
/// Other responses lie between none.
#[derive(Clone, Debug)]
pub struct Ordered {
    /// The slots of the upper predictors; none where the option is the lowest.
    pub upper: Selection,
    /// The slots of the lower predictors; none where the option is the highest.
    pub lower: Selection,
    /// 1 where there is no upper predictor, else 0.
    pub has_no_upper: Tensor,
    /// 1 where there is no lower predictor, else 0.
    pub has_no_lower: Tensor,
    /// 1 where the response is to an item without an order, else 0; nothing where none is.
    pub is_other: Option<Tensor>,
}

impl Ordered {
    fn new(batch: &Batch, device: &Device) -> Result<Option<Self>> {
        let responses = batch.responses();
        if responses
            .iter()
            .all(|response| response.kind == ItemKind::Nominal)
        {
            return Ok(None);
        }
        let is_other = |response: &Response| response.kind.is_unordered(response.n_rows as usize);
        let mut first = 0;
        let (mut upper, mut lower) = (Vec::new(), Vec::new());
        for response in responses {
            let (chosen, n_rows) = (response.chosen as usize, response.n_rows as usize);
            let slot = |place: Option<usize>| {
                let place = place.filter(|&place| place < n_rows && !is_other(response));
                place.map(|place| first + place)
            };
            upper.push(slot(chosen.checked_sub(1)));
            lower.push(slot(Some(chosen)));
            first += n_rows;
        }
        let flags = |flags: Vec<bool>| {
            let flags = flags.into_iter().map(|flag| f32::from(u8::from(flag)));
            Tensor::from_iter(flags, device)?.reshape(((), 1))
        };
        let others: Vec<bool> = responses.iter().map(is_other).collect();
        Ok(Some(Self {
            has_no_upper: flags(upper.iter().map(Option::is_none).collect())?,
            has_no_lower: flags(lower.iter().map(Option::is_none).collect())?,
            upper: Selection::new(&upper, first, device)?,
            lower: Selection::new(&lower, first, device)?,
            is_other: others.contains(&true).then(|| flags(others)).transpose()?,
        }))
    }
}

impl Observations {
    /// The responses of a batch.
    ///
    /// # Errors
    /// When the device does not take the indices.
    pub fn new(batch: &Batch, device: &Device) -> Result<Self> {
        let (n, n_slots) = (batch.n_respondents(), batch.n_slots());
        let responses = batch.responses();
        let (mut owners, mut owners_of_slots) = (Vec::new(), Vec::with_capacity(n_slots));
        let mut numbers = Vec::with_capacity(n_slots);
        let mut is_chosen = Vec::with_capacity(n_slots);
        let mut chosen = Vec::with_capacity(responses.len());
        for position in 0..n {
            for number in batch.numbers_of(position) {
                owners.push(position as u32);
                let option = responses[number].chosen as usize;
                chosen.push(option.checked_sub(1).map(|place| is_chosen.len() + place));
                for option in 1..=u32::from(responses[number].n_rows) {
                    owners_of_slots.push(position as u32);
                    numbers.push(number as u32);
                    is_chosen.push(f32::from(u8::from(responses[number].chosen == option)));
                }
            }
        }
        let slots_of_responses = (n_slots > responses.len())
            .then(|| Membership::new(&numbers, responses.len(), device))
            .transpose()?;
        let log_counts = (0..n).map(|position| (batch.numbers_of(position).len() as f32).ln_1p());
        let responses_of_respondents = Membership::new(&owners, n, device)?;
        let slots = match &slots_of_responses {
            Some(_) => Membership::new(&owners_of_slots, n, device)?,
            None => responses_of_respondents.clone(),
        };
        Ok(Self {
            responses: responses_of_respondents,
            slots,
            slots_of_responses,
            chosen: Selection::new(&chosen, n_slots, device)?,
            is_chosen: Tensor::from_vec(is_chosen, (n_slots, 1), device)?,
            log_counts: Tensor::from_iter(log_counts, device)?.reshape((n, 1))?,
            ordered: Ordered::new(batch, device)?,
        })
    }

    /// Sums over the responses of every respondent.
    pub fn sum_by_respondent(&self, responses: &Tensor) -> Result<Tensor> {
        self.responses.sum(responses)
    }

    /// What its respondent has, for every slot.
    pub fn of_respondent(&self, respondents: &Tensor) -> Result<Tensor> {
        self.slots.spread(respondents)
    }

    /// Sums over the slots of every response.
    pub fn sum_by_response(&self, slots: &Tensor) -> Result<Tensor> {
        match &self.slots_of_responses {
            Some(membership) => membership.sum(slots),
            None => Ok(slots.clone()),
        }
    }

    /// What the slot of the chosen option has, for every response; 0 where that is the reference.
    pub fn of_chosen(&self, slots: &Tensor) -> Result<Tensor> {
        self.chosen.of(slots)
    }

    /// What its response has, for every slot.
    pub fn of_response(&self, responses: &Tensor) -> Result<Tensor> {
        match &self.slots_of_responses {
            Some(membership) => membership.spread(responses),
            None => Ok(responses.clone()),
        }
    }

    /// The largest of the slots of every response, or 0 where that is larger; it has no derivative.
    pub fn largest_by_response(&self, slots: &Tensor) -> Result<Tensor> {
        match &self.slots_of_responses {
            Some(membership) => membership.max_or_zero(slots),
            None => slots.detach().relu(),
        }
    }
}

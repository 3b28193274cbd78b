//! Properties of the compressed store and its batches.

use proptest::prelude::*;
use vae_irt_core::{Batch, ItemCatalogue, Responses};

/// A catalogue and rows of chosen options: nothing where the response is missing.
fn tables() -> impl Strategy<Value = (Vec<u32>, Vec<Vec<Option<u32>>>)> {
    prop::collection::vec(2u32..6, 1..8).prop_flat_map(|counts| {
        let row: Vec<_> = counts.iter().map(|&n| prop::option::of(0..n)).collect();
        (Just(counts), prop::collection::vec(row, 1..12))
    })
}

fn store(counts: &[u32], rows: &[Vec<Option<u32>>]) -> Responses<'static> {
    let catalogue = ItemCatalogue::new(counts).expect("valid catalogue");
    let mut offsets = vec![0u64];
    let mut options = Vec::new();
    for row in rows {
        for (item, chosen) in row.iter().enumerate() {
            if let Some(chosen) = chosen {
                options.push(catalogue.options_of(item).start as u32 + chosen);
            }
        }
        offsets.push(options.len() as u64);
    }
    Responses::new(catalogue, offsets, &options).expect("valid responses")
}

proptest! {
    #[test]
    fn what_goes_in_comes_out((counts, rows) in tables()) {
        let responses = store(&counts, &rows);
        let mut n_responses = 0;
        for (respondent, row) in rows.iter().enumerate() {
            let mut stored = Vec::new();
            responses.copy_row(respondent, &mut stored);
            let expected = row.iter().enumerate().filter_map(|(item, chosen)| {
                chosen.map(|c| responses.catalogue().options_of(item).start as u32 + c)
            });
            prop_assert_eq!(&stored, &expected.collect::<Vec<_>>());
            prop_assert_eq!(responses.n_responses_of(respondent), stored.len());
            n_responses += stored.len();
        }
        prop_assert_eq!(responses.n_responses(), n_responses);
        prop_assert_eq!(responses.item_totals().iter().sum::<u64>(), n_responses as u64);
    }

    #[test]
    fn a_batch_agrees_by_respondent_and_by_option((counts, rows) in tables()) {
        let responses = store(&counts, &rows);
        let members: Vec<u32> = (0..rows.len() as u32).rev().step_by(2).collect();
        let batch = Batch::new(&responses, &members);
        let catalogue = responses.catalogue();
        let mut seen = 0;
        for option in 0..catalogue.n_options() {
            for chooser in batch.choosers_of(option..option + 1) {
                let number = chooser.response as usize;
                let response = batch.responses()[number];
                prop_assert_eq!(response, catalogue.response(option));
                let item = catalogue.item_of(option);
                prop_assert_eq!(response.rows(), catalogue.rows_of(item));
                prop_assert_eq!(response.chosen as usize, option - catalogue.options_of(item).start);
                prop_assert!(batch.numbers_of(chooser.position as usize).contains(&number));
                seen += 1;
            }
        }
        prop_assert_eq!(seen, batch.n_responses());
        let everything = batch.slots_of(0..batch.n_responses());
        prop_assert_eq!(everything.len(), batch.n_slots());
    }
}

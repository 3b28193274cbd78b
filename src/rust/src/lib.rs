//! The R boundary: plain vectors in, plain lists out. Errors are values, so that R raises them with a class; work
//! that takes long runs on a thread of its own while R's main thread waits for interrupts.

mod answer;
mod cells;
mod draws;
mod duplicates;
mod fit;
mod identical_items;
mod info;
mod interrupt;
mod items;
mod list;
mod model_file;
mod parquet_table;
mod posterior;
mod predictive;
mod probabilities;
mod respondent_ids;
mod responses_files;
mod rotate;
mod score;
mod settings;
mod simulate;
mod stored;
mod tables;
mod vectors;
mod worker;

use extendr_api::prelude::*;

extendr_module! {
    mod vaeirt;
    use tables;
    use responses_files;
    use respondent_ids;
    use cells;
    use duplicates;
    use identical_items;
    use fit;
    use score;
    use rotate;
    use draws;
    use predictive;
    use probabilities;
    use simulate;
    use parquet_table;
    use model_file;
    use info;
}

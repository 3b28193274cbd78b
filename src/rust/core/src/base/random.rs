//! The one source of random numbers: a counter-based generator, so that a number depends on what it is for
//! (seed, purpose, index) and never on which thread asks for it or in which order.

use rand::RngCore;
use rand_distr::{Distribution, StandardNormal};

/// What a stream of random numbers is for. Streams of different purposes never overlap.
#[derive(Clone, Copy, Debug)]
pub enum Purpose {
    /// Starting values of the network.
    Network = 1,
    /// Starting vectors of the truncated singular value decomposition.
    Decomposition = 2,
    /// The order in which respondents are visited.
    Order = 3,
    /// The reparametrisation noise of training.
    Noise = 4,
    /// The draws of importance sampling.
    Importance = 5,
    /// Simulated data.
    Simulation = 6,
    /// Draws from the posterior.
    Draws = 7,
    /// Draws of the item parameters.
    Items = 8,
}

const MULTIPLIERS: [u32; 2] = [0xD251_1F53, 0xCD9E_8D57];

const WEYL: [u32; 2] = [0x9E37_79B9, 0xBB67_AE85];

const ROUNDS: usize = 10;

/// A stream of random numbers: the Philox4x32-10 generator of Salmon, Moraes, Dror and Shaw (2011),
/// "Parallel random numbers: as easy as 1, 2, 3", <https://doi.org/10.1145/2063384.2063405>.
#[derive(Clone, Debug)]
pub struct Stream {
    key: [u32; 2],
    counter: [u32; 4],
    block: [u32; 4],
    used: usize,
}

impl Stream {
    /// The stream for a `seed`, a purpose and two indices (an epoch and a respondent, say).
    pub(crate) fn new(seed: u64, purpose: Purpose, first: u64, second: u64) -> Self {
        let key = mix(seed ^ mix(purpose as u64));
        let stream = mix(first ^ mix(second ^ key));
        Self {
            key: [key as u32, (key >> 32) as u32],
            counter: [0, 0, stream as u32, (stream >> 32) as u32],
            block: [0; 4],
            used: 4,
        }
    }

    /// A standard normal number. One function, for where many are not needed at once.
    #[inline(never)]
    pub(crate) fn normal(&mut self) -> f64 {
        StandardNormal.sample(self)
    }

    fn refill(&mut self) {
        self.block = philox(self.counter, self.key);
        self.used = 0;
        self.counter[0] = self.counter[0].wrapping_add(1);
        if self.counter[0] == 0 {
            self.counter[1] = self.counter[1].wrapping_add(1);
        }
    }
}

fn philox(mut counter: [u32; 4], mut key: [u32; 2]) -> [u32; 4] {
    for _ in 0..ROUNDS {
        let first = u64::from(MULTIPLIERS[0]) * u64::from(counter[0]);
        let second = u64::from(MULTIPLIERS[1]) * u64::from(counter[2]);
        counter = [
            (second >> 32) as u32 ^ counter[1] ^ key[0],
            second as u32,
            (first >> 32) as u32 ^ counter[3] ^ key[1],
            first as u32,
        ];
        key = [key[0].wrapping_add(WEYL[0]), key[1].wrapping_add(WEYL[1])];
    }
    counter
}

/// The finaliser of SplitMix64 (Steele, Lea and Flood 2014, <https://doi.org/10.1145/2660193.2660195>).
pub(crate) fn mix(value: u64) -> u64 {
    let mut z = value.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

impl RngCore for Stream {
    fn next_u32(&mut self) -> u32 {
        if self.used == 4 {
            self.refill();
        }
        self.used += 1;
        self.block[self.used - 1]
    }

    fn next_u64(&mut self) -> u64 {
        let low = u64::from(self.next_u32());
        low | (u64::from(self.next_u32()) << 32)
    }

    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(4) {
            let word = self.next_u32().to_le_bytes();
            chunk.copy_from_slice(&word[..chunk.len()]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_distr::Distribution;
    use rand_distr::StandardNormal;

    #[test]
    fn matches_the_published_test_vectors() {
        // Known answers of the reference implementation for Philox4x32-10 (Random123, kat_vectors).
        assert_eq!(
            philox([0; 4], [0; 2]),
            [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]
        );
        assert_eq!(
            philox([u32::MAX; 4], [u32::MAX; 2]),
            [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]
        );
    }

    #[test]
    fn streams_repeat_and_differ() {
        let draw = |seed, index| Stream::new(seed, Purpose::Noise, index, 0).next_u64();
        assert_eq!(draw(1, 2), draw(1, 2));
        assert_ne!(draw(1, 2), draw(1, 3));
        assert_ne!(draw(1, 2), draw(2, 2));
    }

    #[test]
    fn normals_have_the_right_moments() {
        let mut stream = Stream::new(7, Purpose::Noise, 0, 0);
        let draws: Vec<f64> = (0..200_000).map(|_| StandardNormal.sample(&mut stream)).collect();
        let n = draws.len() as f64;
        let mean = draws.iter().sum::<f64>() / n;
        let variance = draws.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n;
        assert!(mean.abs() < 0.01, "mean {mean}");
        assert!((variance - 1.0).abs() < 0.02, "variance {variance}");
    }
}

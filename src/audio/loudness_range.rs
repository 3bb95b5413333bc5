//! How far quiet and loud lie apart, by EBU Tech 3342, in little memory.
//!
//! The meter's own range keeps three seconds of sound, 1.1 MB a track: half of what a whole session may have. The same
//! figure comes from the energies of thirty tenths of a second.
//!
//! Units: energies as mean squares of K-weighted samples, full scale 1; LUFS; LU.

use std::collections::VecDeque;

/// Length of a short-term block in tenths of a second.
const BLOCK_TENTHS: usize = 30;

/// A block begins every second.
const STEP_TENTHS: usize = 10;

/// Blocks below are silence for the standard.
const FLOOR_LUFS: f64 = -70.0;

/// Bins a LU: fine enough for a figure that is shown with one decimal.
const BINS_PER_LU: f64 = 10.0;

/// Bins up to +5 LUFS, above which no 16-bit sound comes.
const BINS: usize = 750;

/// Blocks so much below the mean are pauses.
const RELATIVE_GATE_LU: f64 = 20.0;

/// The range of what was added.
#[derive(Debug, Default)]
pub(super) struct LoudnessRange {
    tenths: VecDeque<f64>,
    since_block: usize,
    /// How many blocks fell into each bin; empty until the first.
    blocks: Vec<u32>,
}

impl LoudnessRange {
    /// Takes the energy of the next tenth of a second.
    pub(super) fn add(&mut self, energy: f64) {
        if self.tenths.len() == BLOCK_TENTHS {
            self.tenths.pop_front();
        }
        self.tenths.push_back(energy);
        self.since_block += 1;
        if self.tenths.len() < BLOCK_TENTHS || self.since_block < STEP_TENTHS {
            return;
        }
        self.since_block = 0;
        let mean = self.tenths.iter().sum::<f64>() / BLOCK_TENTHS as f64;
        if let Some(bin) = bin_of(lufs(mean)) {
            self.blocks.resize(BINS, 0);
            self.blocks[bin] += 1;
        }
    }

    /// The range in LU: from the 10th to the 95th hundredth of all blocks that are no pauses; `None` without any.
    pub(super) fn range_lu(&self) -> Option<f64> {
        let count: u32 = self.blocks.iter().sum();
        if count == 0 {
            return None;
        }
        let energy: f64 =
            self.blocks.iter().enumerate().map(|(bin, &n)| f64::from(n) * energy_of(bin)).sum();
        let gate = bin_of(lufs(energy / f64::from(count)) - RELATIVE_GATE_LU).unwrap_or(0);
        let above = &self.blocks[gate..];
        let count: u32 = above.iter().sum();
        let bin_at = |hundredths: u32| {
            // The rank, rounded, of the sorted blocks, as the standard's own reference code has it.
            let rank = (u64::from(count.saturating_sub(1)) * u64::from(hundredths) + 50) / 100;
            let mut passed = 0_u64;
            above.iter().position(|&n| {
                passed += u64::from(n);
                passed > rank
            })
        };
        let (low, high) = (bin_at(10)?, bin_at(95)?);
        Some((high - low) as f64 / BINS_PER_LU)
    }
}

/// Loudness of an energy.
fn lufs(energy: f64) -> f64 {
    10.0 * energy.log10() - 0.691
}

/// Energy of a loudness.
pub(super) fn energy(lufs: f64) -> f64 {
    10_f64.powf((lufs + 0.691) / 10.0)
}

fn bin_of(lufs: f64) -> Option<usize> {
    (lufs >= FLOOR_LUFS).then(|| {
        super::num::index(super::num::count((lufs - FLOOR_LUFS) * BINS_PER_LU)).min(BINS - 1)
    })
}

fn energy_of(bin: usize) -> f64 {
    energy(FLOOR_LUFS + (bin as f64 + 0.5) / BINS_PER_LU)
}

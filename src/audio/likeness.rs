//! How alike two envelopes are, at each of several lags.
//!
//! An echo is the sound itself, later: its level rises and falls when the sound's did. Levels alone are a weak witness,
//! for any two voices are loud for a while and then soft; where they change from one block of 10 ms to the next, two
//! voices have nothing in common and an echo has nearly all.
//!
//! Levels are taken as their square roots, so that loud moments do not outweigh all others.
//! Invariants: a likeness is in -1..=1; only what changed from one block to the very next is a change; memory is a table of sums; the same calls give the same answers.

use super::bands::{BANDS, Envelope};

/// How long sums remember: 2.5 s of sound, so that a listener who moves is followed.
const REMEMBER: f32 = 1.0 - 1.0 / 250.0;

/// What was found at the lags where the two are most alike.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Found {
    /// Correlation of levels, at the lag where it is highest.
    pub(super) levels: f32,
    /// Correlation of their changes, at the lag where it is highest.
    pub(super) changes: f32,
    /// That lag's place.
    pub(super) place: usize,
}

/// Compares one sound with another at `LAGS` lags.
#[derive(Debug)]
pub(super) struct Likeness<const LAGS: usize> {
    /// For each lag and band.
    crossed: [[Sums; BANDS]; LAGS],
    near: [Sums; BANDS],
    /// Roots of the levels a block ago.
    near_before: Envelope,
    far_before: [Envelope; LAGS],
    weight: f32,
    blocks: u32,
    /// The last block's number.
    last: Option<u64>,
}

/// What is added up: the near sound's roots times the other's, the other's, their squares; the same of changes.
#[derive(Clone, Copy, Debug, Default)]
struct Sums {
    product: f32,
    single: f32,
    square: f32,
    change_product: f32,
    change_square: f32,
}

impl<const LAGS: usize> Default for Likeness<LAGS> {
    fn default() -> Self {
        Self {
            crossed: [[Sums::default(); BANDS]; LAGS],
            near: [Sums::default(); BANDS],
            near_before: [0.0; BANDS],
            far_before: [[0.0; BANDS]; LAGS],
            weight: 0.0,
            blocks: 0,
            last: None,
        }
    }
}

impl<const LAGS: usize> Likeness<LAGS> {
    /// Blocks compared.
    pub(super) const fn blocks(&self) -> u32 {
        self.blocks
    }

    /// How loud the other comes back at a lag, as a factor for each band.
    pub(super) fn gain(&self, place: usize) -> Envelope {
        self.crossed[place].map(|sums| (sums.product / sums.square.max(1e-9)).powi(2))
    }

    /// Adds block `number`: the near sound's levels, and the other's at each lag.
    pub(super) fn compare(
        &mut self,
        number: u64,
        near: &Envelope,
        far: &[Envelope; LAGS],
    ) -> Found {
        let before = self.last.replace(number);
        let is_next = before.is_some_and(|before| before + 1 == number);
        let change_of = |root: f32, before: f32| if is_next { root - before } else { 0.0 };
        self.blocks = self.blocks.saturating_add(1);
        self.weight = self.weight * REMEMBER + 1.0;
        let near = near.map(f32::sqrt);
        let (mut near_spread, mut near_square) = (0.0, 0.0);
        for ((sums, root), before) in self.near.iter_mut().zip(near).zip(self.near_before) {
            let change = change_of(root, before);
            sums.add((root, root), (change, change));
            near_spread += sums.spread(self.weight);
            near_square += sums.change_square;
        }
        let mut found = Found { levels: -1.0, changes: -1.0, place: 0 };
        for (place, far) in far.iter().enumerate() {
            let (mut shared, mut spread, mut product, mut square) = (0.0, 0.0, 0.0, 0.0);
            for band in 0..BANDS {
                let root = far[band].sqrt();
                let before = std::mem::replace(&mut self.far_before[place][band], root);
                let change = change_of(near[band], self.near_before[band]);
                let sums = &mut self.crossed[place][band];
                sums.add((near[band], root), (change, change_of(root, before)));
                let means = self.near[band].single * sums.single / self.weight;
                shared += (sums.product - means) / self.weight;
                spread += sums.spread(self.weight);
                product += sums.change_product;
                square += sums.change_square;
            }
            found.levels = found.levels.max(share(shared, spread * near_spread));
            let changes = share(product, square * near_square);
            if changes > found.changes {
                (found.changes, found.place) = (changes, place);
            }
        }
        self.near_before = near;
        found
    }
}

/// What is shared, of the most that two can share. Of steady sound nothing but rounding is left.
fn share(shared: f32, most: f32) -> f32 {
    (shared / most.max(1e-16).sqrt()).clamp(-1.0, 1.0)
}

impl Sums {
    /// Adds a block: roots of the near sound and of the other, and how each changed.
    fn add(&mut self, (near, root): (f32, f32), (near_change, change): (f32, f32)) {
        self.product = self.product * REMEMBER + near * root;
        self.single = self.single * REMEMBER + root;
        self.square = self.square * REMEMBER + root * root;
        self.change_product = self.change_product * REMEMBER + near_change * change;
        self.change_square = self.change_square * REMEMBER + change * change;
    }

    /// The roots' variance.
    fn spread(&self, weight: f32) -> f32 {
        let mean = self.single / weight;
        self.square / weight - mean * mean
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Levels of a made-up voice: all bands are loud for 150 ms and soft for 100, each flickering by itself.
    fn voice(seed: u32, blocks: usize) -> Vec<Envelope> {
        let mut state = seed;
        let mut chance = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / 16_777_216.0
        };
        (0..blocks)
            .map(|block| {
                let level = if block % 25 < 15 { 0.2 } else { 0.001 };
                [0.0; BANDS].map(|_: f32| level * (0.2 + chance()))
            })
            .collect()
    }

    /// What is found after all of `near`, the other at no lag and two blocks later.
    fn found(near: &[Envelope], far: &[Envelope]) -> Found {
        let mut likeness = Likeness::<2>::default();
        let pairs = near.iter().enumerate().map(|(block, near)| {
            let later = block.checked_sub(2).map_or([0.0; BANDS], |block| far[block]);
            likeness.compare(block as u64, near, &[far[block], later])
        });
        pairs.last().unwrap()
    }

    #[test]
    fn an_echo_is_alike_in_levels_and_in_changes_at_its_lag() {
        let far = voice(3, 120);
        let near: Vec<Envelope> = (0..120_usize)
            .map(|block| {
                block.checked_sub(2).map_or([0.0; BANDS], |at| far[at].map(|level| 0.1 * level))
            })
            .collect();
        let found = found(&near, &far);
        assert!(found.levels > 0.99 && found.changes > 0.99 && found.place == 1, "{found:?}");
    }

    #[test]
    fn what_was_heard_long_ago_is_no_change() {
        let far = voice(3, 120);
        let mut likeness = Likeness::<1>::default();
        let loud = [1.0; BANDS];
        let begun = likeness.compare(7, &loud, &[far[0]]);
        let jumped = likeness.compare(900, &far[1], &[far[1]]);
        assert_eq!((begun.changes, jumped.changes), (0.0, 0.0));
        let followed =
            (2..60).map(|at| likeness.compare(899 + at as u64, &far[at], &[far[at]])).last();
        assert!(followed.is_some_and(|found| found.changes > 0.99), "{followed:?}");
    }

    #[test]
    fn two_voices_that_pause_together_are_alike_in_levels_and_less_so_in_changes() {
        let found = found(&voice(3, 120), &voice(99, 120));
        assert!(found.levels > 0.85 && found.changes < found.levels - 0.2, "{found:?}");
    }
}

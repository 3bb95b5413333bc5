//! Figures of many cases: quantiles, and rates with their interval.

use std::fmt;

use crate::time::Span;

/// So many standard deviations to either side hold 95 % of a normal distribution.
const Z: f64 = 1.96;

/// Times of many cases.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    sorted: Vec<Span>,
}

impl Tally {
    /// One more.
    pub fn add(&mut self, span: Span) {
        let place = self.sorted.partition_point(|known| *known <= span);
        self.sorted.insert(place, span);
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.sorted.len()
    }

    /// The value that `per_cent` of the cases do not exceed; none without cases.
    #[must_use]
    pub fn quantile(&self, per_cent: usize) -> Option<Span> {
        let place = (self.sorted.len() * per_cent).div_ceil(100).max(1) - 1;
        self.sorted.get(place).copied()
    }

    /// The 95 % interval of a quantile: the cases between which it lies, whatever they are spread like.
    #[must_use]
    pub fn interval(&self, per_cent: usize) -> Option<(Span, Span)> {
        let n = self.sorted.len();
        let last = n.checked_sub(1)?;
        let share = per_cent as f64 / 100.0;
        let half = Z * (n as f64 * share * (1.0 - share)).sqrt();
        let place = |at: f64| {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "within 0 and n"
            )]
            let place = at.clamp(0.0, last as f64) as usize;
            self.sorted[place]
        };
        let middle = n as f64 * share;
        Some((place((middle - half).floor()), place((middle + half).ceil())))
    }

    /// All of them, in order of size.
    #[must_use]
    pub fn values(&self) -> &[Span] {
        &self.sorted
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ms = |per_cent| self.quantile(per_cent).map_or(0, Span::millis);
        write!(f, "n {}, p50 {} ms, p95 {} ms, max {} ms", self.count(), ms(50), ms(95), ms(100))
    }
}

impl FromIterator<Span> for Tally {
    fn from_iter<I: IntoIterator<Item = Span>>(spans: I) -> Self {
        let mut tally = Self { sorted: spans.into_iter().collect() };
        tally.sorted.sort_unstable();
        tally
    }
}

/// How often something happened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rate {
    /// In so many cases.
    pub happened: usize,
    /// Out of so many.
    pub cases: usize,
}

impl Rate {
    /// One more case.
    pub fn add(&mut self, happened: bool) {
        self.cases += 1;
        self.happened += usize::from(happened);
    }

    /// The share of cases, 0 to 1; 0 without cases.
    #[must_use]
    pub fn share(&self) -> f64 {
        self.happened as f64 / self.cases.max(1) as f64
    }

    /// The 95 % interval of the share, by Wilson's score: it stays within 0 and 1 and holds for few cases too.
    #[must_use]
    pub fn interval(&self) -> (f64, f64) {
        let (n, p) = (self.cases.max(1) as f64, self.share());
        let middle = (p + Z * Z / (2.0 * n)) / (1.0 + Z * Z / n);
        let half = Z / (1.0 + Z * Z / n) * (p * (1.0 - p) / n + Z * Z / (4.0 * n * n)).sqrt();
        ((middle - half).max(0.0), (middle + half).min(1.0))
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (low, high) = self.interval();
        let [share, low, high] = [self.share(), low, high].map(|share| share * 100.0);
        write!(f, "{}/{} = {share:.1} % ({low:.1} to {high:.1} %)", self.happened, self.cases)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_values_that_occurred() {
        let tally: Tally = (1..=20).map(Span::from_millis).collect();
        let ms = |per_cent| tally.quantile(per_cent).unwrap().millis();
        assert_eq!((ms(0), ms(50), ms(95), ms(100)), (1, 10, 19, 20));
        assert_eq!(Tally::default().quantile(50), None);
    }

    #[test]
    fn the_interval_of_a_quantile_lies_between_cases_that_occurred() {
        let tally: Tally = (1..=100).map(Span::from_millis).collect();
        let ms =
            |per_cent| tally.interval(per_cent).map(|(low, high)| (low.millis(), high.millis()));
        // Binomial: 50 ± 9.8 and 95 ± 4.3 cases.
        assert_eq!((ms(50), ms(95)), (Some((41, 61)), Some((91, 100))));
        let one: Tally = [Span::from_millis(7)].into_iter().collect();
        assert_eq!(one.interval(95), Some((Span::from_millis(7), Span::from_millis(7))));
        assert_eq!(Tally::default().interval(50), None);
    }

    #[test]
    fn the_interval_of_a_rate_is_wilsons() {
        let (low, high) = Rate { happened: 1, cases: 10 }.interval();
        assert!((low - 0.0179).abs() < 0.001 && (high - 0.4042).abs() < 0.001, "{low} {high}");
        let (low, high) = Rate { happened: 300, cases: 300 }.interval();
        assert!(low > 0.98 && high > 0.999, "{low} {high}");
    }
}

//! Figures for people.
#![expect(clippy::print_stdout, reason = "the figures are the product")]

/// The value that `hundredths` per cent of `values` do not exceed; not a number without any.
pub(crate) fn percentile(values: &[f64], hundredths: usize) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let rank = (sorted.len() * hundredths).div_ceil(100).max(1) - 1;
    sorted.get(rank).copied().unwrap_or(f64::NAN)
}

/// Prints a figure beside its budget, and whether it is met.
pub(crate) fn figure(name: &str, value: f64, unit: &str, budget: f64) {
    let verdict = if value <= budget { "met" } else { "NOT MET" };
    println!("  {name:<66} {value:>8.2} {unit:<3} (budget ≤ {budget} {unit}) {verdict}");
}

/// Prints a figure of which more is better.
pub(crate) fn figure_at_least(name: &str, value: f64, unit: &str, budget: f64) {
    let verdict = if value >= budget { "met" } else { "NOT MET" };
    println!("  {name:<66} {value:>8.1} {unit:<3} (budget ≥ {budget} {unit}) {verdict}");
}

/// Prints a figure that explains others.
pub(crate) fn note(name: &str, value: f64, unit: &str) {
    println!("  {name:<66} {value:>8.2} {unit}");
}

/// Prints a line.
pub(crate) fn say(line: &str) {
    println!("{line}");
}

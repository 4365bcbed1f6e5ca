//! Medians, percentiles, rates.
use std::time::Duration;

/// Of an odd or even number of values; `NaN` of none.
pub(crate) fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    match sorted.len() {
        0 => f64::NAN,
        length if length % 2 == 1 => sorted[length / 2],
        length => f64::midpoint(sorted[length / 2 - 1], sorted[length / 2]),
    }
}

/// The smallest and the largest.
pub(crate) fn range(values: &[f64]) -> (f64, f64) {
    values.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), &value| (low.min(value), high.max(value)))
}

/// The smallest of `sorted` that at least `per_mille` thousandths do not exceed (nearest rank); 0 of none.
pub(crate) fn percentile(sorted: &[u32], per_mille: usize) -> u32 {
    let rank = (sorted.len() * per_mille).div_ceil(1000);
    sorted.get(rank.saturating_sub(1)).copied().unwrap_or(0)
}

/// Per second.
pub(crate) fn rate(count: usize, time: Duration) -> f64 {
    count_of(count) / time.as_secs_f64()
}

/// Exact up to four thousand million, far above anything counted here.
pub(crate) fn count_of(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle_or_between_the_two() {
        assert!((median(&[3.0, 1.0, 2.0]) - 2.0).abs() < f64::EPSILON);
        assert!((median(&[4.0, 1.0, 2.0, 3.0]) - 2.5).abs() < f64::EPSILON);
        assert!(median(&[]).is_nan());
        assert_eq!(range(&[0.9, 0.7, 0.8]), (0.7, 0.9));
    }

    #[test]
    fn percentiles_are_nearest_rank() {
        let thousand: Vec<u32> = (1..=1000).collect();
        assert_eq!([500, 990, 999, 1000].map(|p| percentile(&thousand, p)), [500, 990, 999, 1000]);
        assert_eq!([500, 999].map(|p| percentile(&[7], p)), [7, 7]);
        assert_eq!(percentile(&[], 500), 0);
    }
}

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

/// A median, and how far the true one may be from it.
pub(crate) struct Median {
    pub(crate) count: usize,
    /// The median itself is the middle one.
    pub(crate) quartiles: [u32; 3],
    /// Half of the interval that holds the true median with a confidence of 99%: between two ranks, whatever the
    /// distribution is like.
    margin: f64,
}

impl Median {
    /// Of at least one value.
    pub(crate) fn of(mut values: Vec<u32>) -> Self {
        values.sort_unstable();
        let count = values.len();
        let quartiles = [250, 500, 750].map(|per_mille| percentile(&values, per_mille));
        // The rank of the true median is binomial: n/2, give or take √n/2, of which 2.576 make 99%.
        let reach = (count * 1659 / 1000).isqrt() + 1;
        let at = |rank: usize| values.get(rank.min(count.saturating_sub(1))).copied().map_or(0.0, f64::from);
        Self { count, quartiles, margin: (at(count / 2 + reach) - at((count / 2).saturating_sub(reach))) / 2.0 }
    }

    /// Their difference, and what it may be off by: both are, independently of one another.
    pub(crate) fn minus(&self, other: &Self) -> (f64, f64) {
        (f64::from(self.quartiles[1]) - f64::from(other.quartiles[1]), self.margin.hypot(other.margin))
    }
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
    fn two_medians_are_apart_by_more_than_chance_only_if_they_are() {
        // A thousand and one values, all different, in an order that does not matter.
        let values = |from: u32| (0..1001).map(|turn| from + turn * 8 % 1001).collect::<Vec<u32>>();
        let (first, second, third) = (Median::of(values(0)), Median::of(values(10)), Median::of(values(200)));
        assert_eq!((first.count, first.quartiles), (1001, [250, 500, 750]));
        // 2.576 · √1001 / 2 = 40.75 ranks, and here a rank is 1.
        let (difference, margin) = second.minus(&first);
        assert!((difference - 10.0).abs() < f64::EPSILON && (margin - 41.0 * 2_f64.sqrt()).abs() < 1.0, "{margin}");
        let (difference, margin) = third.minus(&first);
        assert!(difference > margin, "{difference} {margin}");
        assert_eq!(Median::of(vec![7]).quartiles, [7, 7, 7]);
    }

    #[test]
    fn percentiles_are_nearest_rank() {
        let thousand: Vec<u32> = (1..=1000).collect();
        assert_eq!([500, 990, 999, 1000].map(|p| percentile(&thousand, p)), [500, 990, 999, 1000]);
        assert_eq!([500, 999].map(|p| percentile(&[7], p)), [7, 7]);
        assert_eq!(percentile(&[], 500), 0);
    }
}

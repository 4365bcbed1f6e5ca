//! The only place that asks the system for chance.

/// Where random bits come from.
pub trait Chance: Send + Sync + 'static {
    /// Fills `bytes` with bits nobody can foretell.
    fn fill(&self, bytes: &mut [u8]);

    fn u64(&self) -> u64 {
        let mut bytes = [0; 8];
        self.fill(&mut bytes);
        u64::from_be_bytes(bytes)
    }
}

/// The operating system's generator.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemChance;

impl Chance for SystemChance {
    fn fill(&self, bytes: &mut [u8]) {
        // Fails only where the kernel has no generator at all (Linux before 3.17, a broken sandbox): nothing that this
        // process could then hand out would be a secret, so it must not go on.
        getrandom::fill(bytes).expect("the operating system gives random bytes");
    }
}

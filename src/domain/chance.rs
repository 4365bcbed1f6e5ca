//! The only place that asks the system for chance.

use std::cell::RefCell;

use zeroize::Zeroize as _;

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
///
/// Ids, nonces and the like are short, and a request needs up to half a dozen of them: each thread draws some in advance.
/// Whatever is longer, a key above all, is drawn when it is needed.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemChance;

impl Chance for SystemChance {
    fn fill(&self, bytes: &mut [u8]) {
        thread_local! {
            static DRAWN: RefCell<Drawn> = const { RefCell::new(Drawn { bytes: [0; Drawn::MOST], left: 0 }) };
        }
        if bytes.len() > Drawn::SHORT {
            return draw(bytes);
        }
        DRAWN.with_borrow_mut(|drawn| drawn.take(bytes));
    }
}

fn draw(bytes: &mut [u8]) {
    // Fails only where the kernel has no generator at all (Linux before 3.17, a broken sandbox): nothing that this
    // process could then hand out would be a secret, so it must not go on.
    getrandom::fill(bytes).expect("the operating system gives random bytes");
}

/// Bits of the system's that nobody has had yet; what is handed out is wiped here.
struct Drawn {
    bytes: [u8; Self::MOST],
    left: usize,
}

impl Drawn {
    /// What the kernel gives in one piece, whatever interrupts it.
    const MOST: usize = 256;
    const SHORT: usize = 16;

    fn take(&mut self, bytes: &mut [u8]) {
        if self.left < bytes.len() {
            draw(&mut self.bytes);
            self.left = Self::MOST;
        }
        let rest = self.left - bytes.len();
        let taken = &mut self.bytes[rest..self.left];
        bytes.copy_from_slice(taken);
        taken.zeroize();
        self.left = rest;
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    /// Drawn in advance or not, the same bits are not given twice, to no thread and in no length.
    #[test]
    fn nothing_is_given_twice() {
        let some = || {
            let mut given = Vec::new();
            for length in (8..=40).cycle().take(2000) {
                let mut bytes = vec![0; length];
                SystemChance.fill(&mut bytes);
                given.extend(bytes.windows(8).map(<[u8]>::to_vec));
                given.push(SystemChance.u64().to_be_bytes().to_vec());
            }
            given
        };
        let threads = [std::thread::spawn(some), std::thread::spawn(some)];
        let given = threads.map(|thread| thread.join().unwrap()).concat();
        let different: HashSet<&Vec<u8>> = given.iter().collect();
        assert_eq!(different.len(), given.len());
    }

    #[test]
    fn what_was_handed_out_is_not_kept() {
        let mut drawn = Drawn { bytes: [0; Drawn::MOST], left: 0 };
        let mut bytes = [0; 12];
        for _ in 0..100 {
            drawn.take(&mut bytes);
            assert!(drawn.bytes[drawn.left..].iter().all(|byte| *byte == 0));
        }
    }
}

//! Mutations of bytes from a seed: what a fuzzer that sees no coverage can do, on any toolchain.
//! Holds: the same seed and corpus give the same inputs.

/// Numbers that readers of lengths get wrong.
const LENGTHS: [u64; 10] =
    [0, 1, 0x7F, 0xFF, 0xFFFF, 0x1_0000, 0xFF_FFFF, 0x7FFF_FFFF, 0xFFFF_FFFF, u64::MAX];
/// Longest input made (bytes).
const LONGEST: usize = 128 * 1024;

/// A stream of numbers (SplitMix64).
#[derive(Clone, Debug)]
pub struct Numbers(u64);

impl Numbers {
    /// The stream of a seed.
    pub fn new(seed: u64) -> Numbers {
        Numbers(seed)
    }

    /// The next number.
    pub fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number below `count`; 0 where that is 0.
    pub fn below(&mut self, count: usize) -> usize {
        usize::try_from(self.draw() % (count.max(1) as u64)).unwrap_or(0)
    }

    fn byte(&mut self) -> u8 {
        self.draw().to_le_bytes()[0]
    }
}

/// A mutation of `bytes`; now and then with a part of `other` in it.
pub fn mutated(bytes: &[u8], other: &[u8], numbers: &mut Numbers) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    // Mostly one change, which gets furthest; sometimes some.
    for _ in 0..=[0, 0, 0, 1, 3][numbers.below(5)] {
        change(&mut bytes, other, numbers);
    }
    bytes.truncate(LONGEST);
    bytes
}

fn change(bytes: &mut Vec<u8>, other: &[u8], numbers: &mut Numbers) {
    let at = numbers.below(bytes.len());
    match numbers.below(9) {
        0 => {
            let bit = 1 << numbers.below(8);
            if let Some(byte) = bytes.get_mut(at) {
                *byte ^= bit;
            }
        }
        1 => {
            let new = numbers.byte();
            if let Some(byte) = bytes.get_mut(at) {
                *byte = new;
            }
        }
        2 => bytes.truncate(at),
        3 => {
            let (count, byte) = (1 + numbers.below(16), numbers.byte());
            bytes.splice(at..at, std::iter::repeat_n(byte, count));
        }
        4 => {
            let end = (at + 1 + numbers.below(16)).min(bytes.len());
            bytes.drain(at..end);
        }
        5 => {
            let number = LENGTHS[numbers.below(LENGTHS.len())].to_le_bytes();
            let width = [1, 2, 4, 8][numbers.below(4)];
            let end = (at + width).min(bytes.len());
            bytes[at..end].copy_from_slice(&number[..end - at]);
        }
        6 => {
            // A part of itself once more: a second element, a second frame.
            let end = (at + 1 + numbers.below(256)).min(bytes.len());
            let part = bytes[at..end].to_vec();
            bytes.splice(end..end, part);
        }
        7 => {
            let from = numbers.below(other.len());
            let end = (from + 1 + numbers.below(256)).min(other.len());
            let width = (end - from).min(bytes.len() - at);
            bytes.splice(at..at + width, other[from..end].iter().copied());
        }
        _ => {
            // Numbers next to it: heights, rounds, times.
            if let Some(byte) = bytes.get_mut(at) {
                *byte = byte.wrapping_add([1, 255][numbers.below(2)]);
            }
        }
    }
}

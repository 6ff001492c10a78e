//! A bit mask of protocols, such as `DefaultSecureProtocols`, taken apart.

/// The protocols and their bits, oldest first. These are the bits of the client side.
const KNOWN: [(u32, &str); 6] = [
    (0x8, "SSL 2.0"),
    (0x20, "SSL 3.0"),
    (0x80, "TLS 1.0"),
    (0x200, "TLS 1.1"),
    (0x800, "TLS 1.2"),
    (0x2000, "TLS 1.3"),
];

/// The bit without which nothing passes.
pub const TLS12: u32 = 0x800;

/// Every bit that has a meaning.
pub const MEANINGFUL: u32 = 0x8 | 0x20 | 0x80 | 0x200 | 0x800 | 0x2000;

/// One bit of a mask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bit {
    /// Its value.
    pub bit: u32,
    /// The protocol it stands for.
    pub name: &'static str,
    /// Whether it is set.
    pub on: bool,
}

/// A mask, bit by bit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mask {
    /// The number itself.
    pub number: u32,
    /// Every protocol, set or not, oldest first.
    pub bits: [Bit; 6],
    /// Bits that are set and stand for nothing; 0: none.
    pub unknown: u32,
}

impl Mask {
    /// Takes a mask apart. Every number is a mask; what it means is said bit by bit.
    pub fn of(number: u32) -> Self {
        Self {
            number,
            bits: KNOWN.map(|(bit, name)| Bit {
                bit,
                name,
                on: number & bit != 0,
            }),
            unknown: number & !MEANINGFUL,
        }
    }

    /// The protocols that are on, oldest first.
    pub fn on(&self) -> impl Iterator<Item = &'static str> {
        self.names(true)
    }

    /// The protocols that are off, oldest first.
    pub fn off(&self) -> impl Iterator<Item = &'static str> {
        self.names(false)
    }

    /// Whether TLS 1.2 is among them, which is all that decides.
    pub const fn has_tls12(&self) -> bool {
        self.number & TLS12 != 0
    }

    /// The bits that are set and stand for nothing, one by one.
    pub fn unknown_bits(&self) -> impl Iterator<Item = u32> {
        let unknown = self.unknown;
        (0..32)
            .map(|place| 1_u32 << place)
            .filter(move |bit| unknown & bit != 0)
    }

    fn names(&self, on: bool) -> impl Iterator<Item = &'static str> {
        let bits = self.bits;
        bits.into_iter()
            .filter(move |bit| bit.on == on)
            .map(|bit| bit.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_masks_that_occur_are_read_bit_by_bit() {
        let cases: [(u32, &[&str]); 9] = [
            (0xA0, &["SSL 3.0", "TLS 1.0"]),
            (0xA8, &["SSL 2.0", "SSL 3.0", "TLS 1.0"]),
            (0xA00, &["TLS 1.1", "TLS 1.2"]),
            (0xA80, &["TLS 1.0", "TLS 1.1", "TLS 1.2"]),
            (0xAA0, &["SSL 3.0", "TLS 1.0", "TLS 1.1", "TLS 1.2"]),
            (0x800, &["TLS 1.2"]),
            (0x2000, &["TLS 1.3"]),
            (0x2800, &["TLS 1.2", "TLS 1.3"]),
            (0, &[]),
        ];
        for (number, on) in cases {
            let mask = Mask::of(number);
            assert!(mask.on().eq(on.iter().copied()), "0x{number:X}");
            assert_eq!(mask.on().count() + mask.off().count(), 6, "0x{number:X}");
            assert_eq!(mask.unknown, 0, "0x{number:X}");
            assert_eq!(mask.has_tls12(), on.contains(&"TLS 1.2"), "0x{number:X}");
        }
    }

    /// 800 and 2720 are what somebody types who takes the number for the wrong base.
    #[test]
    fn numbers_of_the_wrong_base_are_told_by_their_unknown_bits() {
        let typed = Mask::of(800);
        assert!(typed.on().eq(["SSL 3.0", "TLS 1.1"]));
        assert!(typed.unknown_bits().eq([0x100]));
        let typed = Mask::of(0x2720);
        assert!(!typed.has_tls12());
        assert!(typed.unknown_bits().eq([0x100, 0x400]));
    }

    #[test]
    fn a_mask_is_the_sum_of_its_bits() {
        for number in (0..=u32::MAX).step_by(65_521).chain([u32::MAX, 1 << 31]) {
            let mask = Mask::of(number);
            let known: u32 = mask.bits.iter().filter(|bit| bit.on).map(|b| b.bit).sum();
            let unknown: u32 = mask.unknown_bits().sum();
            assert_eq!(known | unknown, number);
            assert_eq!(known & unknown, 0);
        }
        assert!(KNOWN.iter().all(|(bit, _)| MEANINGFUL & bit != 0));
        assert_eq!(MEANINGFUL.count_ones(), 6);
    }
}

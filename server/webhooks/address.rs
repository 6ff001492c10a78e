//! Which addresses a message may be sent to: none inside, unless the administrator has allowed that network.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

use ipnet::IpNet;

use crate::networks;

/// Networks that nothing is sent to unless they are allowed, with what they are.
const INSIDE_4: &[(Ipv4Addr, u8, &str)] = &[
    (Ipv4Addr::UNSPECIFIED, 8, "unspecified"),
    (Ipv4Addr::new(10, 0, 0, 0), 8, "private"),
    (
        Ipv4Addr::new(100, 64, 0, 0),
        10,
        "private (shared by carriers)",
    ),
    (Ipv4Addr::new(127, 0, 0, 0), 8, "loopback"),
    (Ipv4Addr::new(169, 254, 0, 0), 16, "link-local"),
    (Ipv4Addr::new(172, 16, 0, 0), 12, "private"),
    (Ipv4Addr::new(192, 0, 0, 0), 24, "reserved"),
    (Ipv4Addr::new(192, 0, 2, 0), 24, "for documentation"),
    (Ipv4Addr::new(192, 88, 99, 0), 24, "reserved"),
    (Ipv4Addr::new(192, 168, 0, 0), 16, "private"),
    (Ipv4Addr::new(198, 18, 0, 0), 15, "for benchmarks"),
    (Ipv4Addr::new(198, 51, 100, 0), 24, "for documentation"),
    (Ipv4Addr::new(203, 0, 113, 0), 24, "for documentation"),
    (Ipv4Addr::new(224, 0, 0, 0), 4, "multicast"),
    (Ipv4Addr::new(240, 0, 0, 0), 4, "reserved"),
];

/// The same of IPv6. Whatever is not in the one block that is routed in the world is inside, too.
const INSIDE_6: &[(Ipv6Addr, u8, &str)] = &[
    (Ipv6Addr::UNSPECIFIED, 128, "unspecified"),
    (Ipv6Addr::LOCALHOST, 128, "loopback"),
    (
        Ipv6Addr::new(0x100, 0, 0, 0, 0, 0, 0, 0),
        64,
        "for discarding",
    ),
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23, "reserved"),
    (
        Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0),
        32,
        "for documentation",
    ),
    (
        Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0),
        20,
        "for documentation",
    ),
    (Ipv6Addr::new(0xfc00, 0, 0, 0, 0, 0, 0, 0), 7, "private"),
    (Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0), 10, "link-local"),
    (Ipv6Addr::new(0xfec0, 0, 0, 0, 0, 0, 0, 0), 10, "private"),
    (Ipv6Addr::new(0xff00, 0, 0, 0, 0, 0, 0, 0), 8, "multicast"),
];

/// The block of IPv6 that is routed in the world.
const WORLD_6: (Ipv6Addr, u8) = (Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);

/// Networks inside that messages may go to all the same.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Allowed(Vec<IpNet>);

/// An address that nothing is sent to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The address.
    pub address: IpAddr,
    /// What it is.
    pub what: &'static str,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the address {} is {}, and messages go to no address inside unless the setting --webhook-allow \
             (CUTOVER_WEBHOOK_ALLOW) of the server names its network",
            self.address, self.what
        )
    }
}

impl std::error::Error for Refused {}

impl Allowed {
    /// Reads networks with commas between, such as `10.20.0.0/16,fd00:1::/64`; a plain address is a network of one.
    ///
    /// # Errors
    /// One sentence naming the word that is no network.
    pub fn parse(text: &str) -> Result<Self, String> {
        networks::parse("webhook_allow", text).map(Self)
    }

    /// Looks at an address before anything is sent to it.
    ///
    /// # Errors
    /// It is inside, and its network is not allowed.
    pub fn check(&self, address: IpAddr) -> Result<(), Refused> {
        // What is written in another way is the same machine, so both ways of writing it are looked at.
        let carried = carried(address);
        let meant = carried.unwrap_or(address);
        let allowed = |wanted: IpAddr| self.0.iter().any(|network| network.contains(&wanted));
        if allowed(meant) || allowed(address) {
            return Ok(());
        }
        match inside(meant).or_else(|| carried.is_none().then(|| outside_6(address)).flatten()) {
            None => Ok(()),
            Some(what) => Err(Refused { address, what }),
        }
    }
}

/// The IPv4 address that an IPv6 address stands for: mapped, compatible, translated (NAT64) or tunnelled (6to4).
fn carried(address: IpAddr) -> Option<IpAddr> {
    let IpAddr::V6(v6) = address else {
        return None;
    };
    let [s0, s1, s2, s3, s4, s5, s6, s7] = v6.segments();
    let last = || v4(s6, s7);
    let v4 = match (s0, s1, s2, s3, s4, s5) {
        // ::ffff:a.b.c.d, ::ffff:0:a.b.c.d and 64:ff9b::a.b.c.d
        (0, 0, 0, 0, 0, 0xffff) | (0, 0, 0, 0, 0xffff, 0) | (0x64, 0xff9b, 0, 0, 0, 0) => last(),
        // ::a.b.c.d; :: and ::1 are addresses of their own
        (0, 0, 0, 0, 0, 0) if s6 != 0 || s7 > 1 => last(),
        // 2002:a.b.c.d::/16
        (0x2002, ..) => v4(s1, s2),
        _ => return None,
    };
    Some(IpAddr::V4(v4))
}

fn v4(high: u16, low: u16) -> Ipv4Addr {
    let [a, b] = high.to_be_bytes();
    let [c, d] = low.to_be_bytes();
    Ipv4Addr::new(a, b, c, d)
}

/// What an address inside is.
fn inside(address: IpAddr) -> Option<&'static str> {
    match address {
        IpAddr::V4(v4) => INSIDE_4
            .iter()
            .find(|(network, length, _)| shares(v4.to_bits(), network.to_bits(), *length))
            .map(|(.., what)| *what),
        IpAddr::V6(v6) => INSIDE_6
            .iter()
            .find(|(network, length, _)| shares_6(v6, *network, *length))
            .map(|(.., what)| *what),
    }
}

/// What an IPv6 address is that is routed nowhere in the world.
fn outside_6(address: IpAddr) -> Option<&'static str> {
    match address {
        IpAddr::V6(v6) if !shares_6(v6, WORLD_6.0, WORLD_6.1) => Some("reserved"),
        _ => None,
    }
}

fn shares(address: u32, network: u32, length: u8) -> bool {
    (address ^ network)
        .checked_shr(32_u32.saturating_sub(u32::from(length)))
        .unwrap_or(0)
        == 0
}

fn shares_6(address: Ipv6Addr, network: Ipv6Addr, length: u8) -> bool {
    (address.to_bits() ^ network.to_bits())
        .checked_shr(128_u32.saturating_sub(u32::from(length)))
        .unwrap_or(0)
        == 0
}

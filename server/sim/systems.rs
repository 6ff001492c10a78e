//! The Windows releases of the fleet, how many there are of each, and what they bring along.

use super::dice::{Ask, Dice};

/// Releases that behave alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Family {
    /// Windows XP.
    Xp,
    /// Server 2003 and 2003 R2.
    Server2003,
    /// Server 2008 (6.0).
    Server2008,
    /// Server 2008 R2.
    Server2008R2,
    /// Windows 7.
    Windows7,
    /// Windows 8.1.
    Windows81,
    /// Windows 10, all builds.
    Windows10,
    /// Windows 11, all builds.
    Windows11,
    /// Server 2012.
    Server2012,
    /// Server 2012 R2.
    Server2012R2,
    /// Server 2016 and later.
    ServerModern,
}

impl Family {
    /// Whether WinHTTP needs KB3140245 and the registry values before it offers TLS 1.2.
    pub const fn needs_update(self) -> bool {
        matches!(self, Self::Windows7 | Self::Server2008R2 | Self::Server2012)
    }

    /// Whether SChannel knows TLS 1.2 but leaves it off by default.
    pub const fn off_by_default(self) -> bool {
        matches!(self, Self::Windows7 | Self::Server2008R2 | Self::Server2008)
    }

    /// Whether the release is out of every kind of ordinary support, and so more often forgotten.
    pub const fn is_old(self) -> bool {
        !matches!(
            self,
            Self::Windows10 | Self::Windows11 | Self::ServerModern | Self::Server2012R2
        )
    }

    /// Whether TLS 1.2 can never work here.
    pub const fn is_beyond_repair(self) -> bool {
        matches!(self, Self::Xp | Self::Server2003)
    }
}

/// One release as a client reports it.
#[derive(Clone, Copy, Debug)]
pub(super) struct System {
    pub(super) family: Family,
    pub(super) caption: &'static str,
    pub(super) version: &'static str,
    pub(super) build: &'static str,
    pub(super) product_type: u32,
    pub(super) bits: u32,
    pub(super) service_pack: u32,
    pub(super) sku: u32,
    /// .NET `Release` out of the box, and the best this system can have; 0: none.
    pub(super) dotnet: (u32, u32),
    /// Clients in 100,000.
    weight: u32,
}

impl System {
    pub(super) const fn is_server(&self) -> bool {
        self.product_type != 1
    }

    pub(super) fn of(dice: Dice) -> &'static Self {
        let mut left = dice.below(Ask::System, 100_000);
        for system in &SYSTEMS {
            let weight = u64::from(system.weight);
            if left < weight {
                return system;
            }
            left -= weight;
        }
        &SYSTEMS[0]
    }

    /// What a freshly rebuilt machine runs.
    pub(super) const fn rebuilt(server: bool) -> &'static Self {
        if server {
            &SYSTEMS[SERVER_2019]
        } else {
            &SYSTEMS[WINDOWS_11_23H2]
        }
    }

    /// What a site system runs: mostly 2016 and 2019.
    pub(super) fn of_site_system(dice: Dice) -> &'static Self {
        let index = dice.weighted(
            Ask::SiteSystem,
            100,
            &[
                (10, SERVER_2012_R2),
                (28, SERVER_2016),
                (20, SERVER_2022),
                (2, SERVER_2025),
            ],
            SERVER_2019,
        );
        &SYSTEMS[index]
    }
}

const WINDOWS_11_23H2: usize = 16;
const SERVER_2025: usize = 22;
const SERVER_2016: usize = 23;
const SERVER_2019: usize = 24;
const SERVER_2022: usize = 25;
const SERVER_2012_R2: usize = 28;

const ENTERPRISE: u32 = 4;
const LTSC: u32 = 125;
const PRO: u32 = 48;
const STANDARD: u32 = 7;
const DATACENTER: u32 = 8;
const NET48: u32 = 528_049;
const NET481: u32 = 533_325;
const W10: &str = "Microsoft Windows 10 Enterprise";
const W10_LTSC: &str = "Microsoft Windows 10 Enterprise LTSC";
const W11: &str = "Microsoft Windows 11 Enterprise";

const fn ten(
    build: &'static str,
    version: &'static str,
    sku: u32,
    dotnet: (u32, u32),
    weight: u32,
) -> System {
    System {
        family: Family::Windows10,
        caption: if sku == LTSC { W10_LTSC } else { W10 },
        version,
        build,
        product_type: 1,
        bits: 64,
        service_pack: 0,
        sku,
        dotnet,
        weight,
    }
}

const fn eleven(
    build: &'static str,
    version: &'static str,
    dotnet: (u32, u32),
    weight: u32,
) -> System {
    System {
        family: Family::Windows11,
        caption: W11,
        ..ten(build, version, ENTERPRISE, dotnet, weight)
    }
}

const fn server(
    family: Family,
    caption: &'static str,
    build: &'static str,
    version: &'static str,
    dotnet: (u32, u32),
    weight: u32,
) -> System {
    System {
        family,
        caption,
        product_type: 3,
        ..ten(build, version, STANDARD, dotnet, weight)
    }
}

const SEVEN: System = System {
    family: Family::Windows7,
    caption: "Microsoft Windows 7 Enterprise",
    service_pack: 1,
    ..ten("7601", "6.1.7601", ENTERPRISE, (0, NET48), 3_380)
};

/// The weights add up to 100,000.
static SYSTEMS: [System; 36] = [
    ten("19045", "10.0.19045", ENTERPRISE, (528_372, NET481), 48_000),
    System {
        caption: "Microsoft Windows 10 Pro",
        ..ten("19045", "10.0.19045", PRO, (528_372, NET481), 8_000)
    },
    ten("19044", "10.0.19044", LTSC, (528_372, NET481), 4_000),
    ten("19044", "10.0.19044", ENTERPRISE, (528_372, NET481), 3_000),
    ten("17763", "10.0.17763", LTSC, (461_814, NET48), 5_000),
    ten("19043", "10.0.19043", ENTERPRISE, (528_372, NET481), 700),
    ten("19042", "10.0.19042", ENTERPRISE, (528_372, NET481), 2_000),
    ten("19041", "10.0.19041", ENTERPRISE, (528_372, NET48), 800),
    ten("18363", "10.0.18363", ENTERPRISE, (528_040, NET48), 2_200),
    ten("17134", "10.0.17134", ENTERPRISE, (461_808, NET48), 1_300),
    ten("16299", "10.0.16299", ENTERPRISE, (461_308, NET48), 600),
    ten("15063", "10.0.15063", ENTERPRISE, (460_798, NET48), 300),
    ten("14393", "10.0.14393", LTSC, (394_802, NET48), 3_000),
    ten("10586", "10.0.10586", ENTERPRISE, (394_254, 394_806), 100),
    ten("10240", "10.0.10240", LTSC, (393_295, 394_806), 600),
    eleven("26100", "10.0.26100", (NET481, NET481), 3_400),
    eleven("22631", "10.0.22631", (533_320, 533_320), 3_250),
    System {
        caption: W10, // an upgraded machine that still calls itself Windows 10
        ..eleven("22631", "10.0.22631", (533_320, 533_320), 150)
    },
    eleven("22621", "10.0.22621", (533_320, 533_320), 600),
    eleven("22000", "10.0.22000", (528_449, NET481), 200),
    eleven("26200", "10.0.26200", (NET481, NET481), 400),
    System {
        family: Family::Windows81,
        caption: "Microsoft Windows 8.1 Enterprise",
        ..ten("9600", "6.3.9600", ENTERPRISE, (378_675, NET48), 1_000)
    },
    server(
        Family::ServerModern,
        "Microsoft Windows Server 2025 Standard",
        "26100",
        "10.0.26100",
        (NET481, NET481),
        250,
    ),
    server(
        Family::ServerModern,
        "Microsoft Windows Server 2016 Standard",
        "14393",
        "10.0.14393",
        (394_802, NET48),
        1_700,
    ),
    server(
        Family::ServerModern,
        "Microsoft Windows Server 2019 Standard",
        "17763",
        "10.0.17763",
        (461_814, NET48),
        1_800,
    ),
    server(
        Family::ServerModern,
        "Microsoft Windows Server 2022 Standard",
        "20348",
        "10.0.20348",
        (528_449, NET481),
        1_050,
    ),
    System {
        product_type: 2,
        sku: DATACENTER,
        ..server(
            Family::ServerModern,
            "Microsoft Windows Server 2019 Datacenter",
            "17763",
            "10.0.17763",
            (461_814, NET48),
            200,
        )
    },
    server(
        Family::Server2012,
        "Microsoft Windows Server 2012 Standard",
        "9200",
        "6.2.9200",
        (378_389, NET48),
        700,
    ),
    server(
        Family::Server2012R2,
        "Microsoft Windows Server 2012 R2 Standard",
        "9600",
        "6.3.9600",
        (378_675, NET48),
        1_300,
    ),
    SEVEN,
    System {
        bits: 32,
        weight: 500,
        ..SEVEN
    },
    System {
        version: "6.1.7600",
        build: "7600",
        service_pack: 0,
        weight: 120,
        ..SEVEN
    },
    System {
        service_pack: 1,
        ..server(
            Family::Server2008R2,
            "Microsoft Windows Server 2008 R2 Standard",
            "7601",
            "6.1.7601",
            (0, NET48),
            210,
        )
    },
    System {
        service_pack: 2,
        ..server(
            Family::Server2008,
            "Microsoft® Windows Server® 2008 Standard",
            "6003",
            "6.0.6003",
            (0, 394_806),
            90,
        )
    },
    System {
        family: Family::Xp,
        caption: "Microsoft Windows XP Professional",
        service_pack: 3,
        bits: 32,
        ..ten("2600", "5.1.2600", PRO, (0, 0), 60)
    },
    System {
        service_pack: 2,
        bits: 32,
        ..server(
            Family::Server2003,
            "Microsoft(R) Windows(R) Server 2003, Standard Edition",
            "3790",
            "5.2.3790",
            (0, 0),
            40,
        )
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_add_up_and_named_rows_are_the_right_ones() {
        let total: u32 = SYSTEMS.iter().map(|system| system.weight).sum();
        assert_eq!(total, 100_000);
        assert!(SYSTEMS[SERVER_2019].caption.contains("2019 Standard"));
        assert!(SYSTEMS[SERVER_2022].caption.contains("2022"));
        assert!(SYSTEMS[SERVER_2025].caption.contains("2025"));
        assert!(SYSTEMS[SERVER_2016].caption.contains("2016"));
        assert!(SYSTEMS[SERVER_2012_R2].caption.contains("2012 R2"));
        assert_eq!(SYSTEMS[WINDOWS_11_23H2].version, "10.0.22631");
    }
}

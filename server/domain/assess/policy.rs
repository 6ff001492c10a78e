//! The switches of the rules: what an organisation may decide for itself, and nothing else.

/// What failing .NET checks of a plain client mean.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DotnetPolicy {
    /// They block the cutover; Microsoft lists .NET as the third task on clients.
    #[default]
    Block,
    /// They count as warnings. Site systems are never let off.
    Warn,
}

/// What an absent `DisabledByDefault` means on Windows that has TLS 1.2 off by default; the sources
/// contradict each other (Windows 7, Server 2008 R2, Server 2008 SP2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AbsentPolicy {
    /// A failure: a false "blocking" costs one registry value, a false "ready" orphans a machine.
    #[default]
    Fail,
    /// A warning. The .NET checks do not follow this switch.
    Warn,
}

/// Everything that may be decided locally. The default is the careful reading of every rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// What failing .NET checks of a plain client mean.
    pub dotnet: DotnetPolicy,
    /// What untouched SCHANNEL keys mean on Windows 7, Server 2008 R2 and Server 2008 SP2.
    pub group_b_schannel_absent: AbsentPolicy,
    /// Smallest `Release` number of .NET Framework; 394802 is 4.6.2.
    pub min_dotnet_release: u32,
    /// TLS 1.2 cipher suites that the site servers accept, as Windows names them. `None`: unknown.
    pub server_suites: Option<Vec<String>>,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            dotnet: DotnetPolicy::Block,
            group_b_schannel_absent: AbsentPolicy::Fail,
            min_dotnet_release: 394_802,
            server_suites: None,
        }
    }
}

impl Policy {
    /// The ruleset's version and every switch that is not at its default, such as `2026.11.1+dotnet=warn`.
    /// Verdicts are stored under this name, so that a moved switch has every report judged again.
    pub fn ruleset_name(&self) -> String {
        let standard = Self::default();
        let mut name = super::RULESET.to_owned();
        if self.dotnet != standard.dotnet {
            name.push_str("+dotnet=warn");
        }
        if self.group_b_schannel_absent != standard.group_b_schannel_absent {
            name.push_str("+group_b_schannel_absent=warn");
        }
        if self.min_dotnet_release != standard.min_dotnet_release {
            name.push_str(&format!("+min_dotnet_release={}", self.min_dotnet_release));
        }
        if let Some(suites) = &self.server_suites {
            name.push_str(&format!("+server_suites={}", suites.join(":")));
        }
        name
    }
}

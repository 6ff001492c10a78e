//! The TLS and .NET settings that HealthChecker read from the registry.

use super::{
    super::document::{Data, Value},
    clixml::{Found, Simple},
    health_checker::Draft,
};

/// Properties that are read.
pub(super) const WANTED: &[&str] = &[
    "TLSVersion",
    "ServerEnabled",
    "ServerEnabledValue",
    "ServerDisabledByDefault",
    "ServerDisabledByDefaultValue",
    "ClientEnabled",
    "ClientEnabledValue",
    "ClientDisabledByDefault",
    "ClientDisabledByDefaultValue",
    "Enabled",
    "EnabledValue",
    "DisabledByDefault",
    "DisabledByDefaultValue",
    "NetVersion",
    "SystemDefaultTlsVersions",
    "SystemDefaultTlsVersionsValue",
    "SchUseStrongCrypto",
    "SchUseStrongCryptoValue",
    "WowSystemDefaultTlsVersions",
    "WowSystemDefaultTlsVersionsValue",
    "WowSchUseStrongCrypto",
    "WowSchUseStrongCryptoValue",
];

/// Takes the settings of one protocol version or one .NET version; says whether the object is such.
pub(super) fn take(object: &Found, around: &[Found], draft: &mut Draft) -> bool {
    if let Some(version) = protocol(object, around) {
        return schannel(object, &version, draft);
    }
    if let Some(version) = object.text("NetVersion") {
        return dotnet(object, &version, draft);
    }
    false
}

/// `1.2`, as the object says, or one round it, or the key that it hangs by.
fn protocol(object: &Found, around: &[Found]) -> Option<String> {
    let own = object.text("TLSVersion");
    let said = own.or_else(|| {
        let about_side = matches!(object.label.as_str(), "Server" | "Client");
        let outer = around.last().filter(|_| about_side);
        outer.and_then(|outer| {
            outer
                .text("TLSVersion")
                .or_else(|| Some(outer.label.clone()))
        })
    });
    let said = said.or_else(|| Some(object.label.clone()))?;
    let number = said.trim().trim_start_matches("TLS").trim();
    ["1.0", "1.1", "1.2", "1.3"]
        .contains(&number)
        .then(|| number.to_owned())
}

fn schannel(object: &Found, version: &str, draft: &mut Draft) -> bool {
    let mut any = false;
    for side in ["Server", "Client"] {
        // Either one object for both sides, or one for each.
        let prefix = if object.label == side { "" } else { side };
        let key = format!(
            r"HKLM\SYSTEM\CurrentControlSet\Control\SecurityProviders\SCHANNEL\Protocols\TLS {version}\{side}"
        );
        let enabled = Setting::of(object, prefix, "Enabled");
        let on = |raw: Option<i64>| raw.map_or(version != "1.3", |number| number != 0);
        any |= enabled.put(&key, "Enabled", draft, on);
        let off = Setting::of(object, prefix, "DisabledByDefault");
        any |= off.put(&key, "DisabledByDefault", draft, |raw| {
            raw.is_some_and(|number| number != 0)
        });
    }
    any
}

fn dotnet(object: &Found, version: &str, draft: &mut Draft) -> bool {
    if !["v4.0.30319", "v2.0.50727"].contains(&version) {
        return false;
    }
    let mut any = false;
    for (prefix, view) in [("", ""), ("Wow", r"Wow6432Node\")] {
        let key = format!(r"HKLM\SOFTWARE\{view}Microsoft\.NETFramework\{version}");
        for name in ["SystemDefaultTlsVersions", "SchUseStrongCrypto"] {
            any |= Setting::of(object, prefix, name).put(&key, name, draft, |raw| raw == Some(1));
        }
    }
    any
}

/// A setting: the value as read, and the flag derived from it.
struct Setting<'f> {
    raw: Option<&'f Simple>,
    flag: Option<bool>,
}

impl<'f> Setting<'f> {
    fn of(object: &'f Found, prefix: &str, name: &str) -> Self {
        Self {
            raw: object.get(&format!("{prefix}{name}Value")),
            flag: match object.get(&format!("{prefix}{name}")) {
                Some(Simple::Bool(flag)) => Some(*flag),
                _ => None,
            },
        }
    }

    /// `derive`: what HealthChecker makes of a raw value.
    fn put(
        &self,
        key: &str,
        name: &str,
        draft: &mut Draft,
        derive: impl Fn(Option<i64>) -> bool,
    ) -> bool {
        let Some(raw) = self.raw else {
            if self.flag.is_some() {
                draft.note(
                    "For some settings the file has only HealthChecker's conclusion and not the registry value; they count as not known. Run a newer HealthChecker."
                        .to_owned(),
                );
            }
            return false;
        };
        let (value, number) = match raw {
            Simple::Nil => (None, None),
            // The registry's numbers have no sign, PowerShell's have one.
            Simple::Small(number) if (-0x8000_0000..0).contains(number) => {
                (Some(dword(number + (1 << 32))), Some(*number))
            }
            Simple::Small(number) => (Some(dword(*number)), Some(*number)),
            Simple::Large(number) => (Some(typed("REG_QWORD", number.to_string())), Some(*number)),
            Simple::Text(text) => (Some(typed("REG_SZ", text.clone())), None),
            Simple::Bool(_) | Simple::Time(_) => return false,
        };
        let told = matches!(raw, Simple::Nil) || number.is_some();
        if let Some(flag) = self.flag.filter(|_| told)
            && derive(number) != flag
        {
            let shown = number.map_or_else(|| "nothing".to_owned(), |number| number.to_string());
            draft.note(format!(
                "HealthChecker concluded {flag} for {name} in {key}, but the registry value that it read is {shown}; the value was taken."
            ));
        }
        put(draft, key, name, value);
        true
    }
}

fn dword(number: i64) -> Value {
    Value::Typed {
        r#type: "REG_DWORD",
        data: Data::Number(u64::try_from(number).unwrap_or_default()),
    }
}

fn typed(kind: &'static str, text: String) -> Value {
    Value::Typed {
        r#type: kind,
        data: Data::Text(text),
    }
}

/// Puts a value in; two that differ are contested.
pub(super) fn put(draft: &mut Draft, key: &str, name: &str, value: Option<Value>) {
    let known = draft
        .document
        .registry
        .iter()
        .find(|known| known.key == key)
        .and_then(|known| known.values.get(name));
    match known {
        Some(before) if *before != value => draft.contested = true,
        Some(_) => {}
        None => draft.document.put(key, name, value),
    }
}

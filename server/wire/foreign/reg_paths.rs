//! Registry paths as exports spell them: which key is meant, and who wants to know.

use super::super::fields::check_text;
use crate::domain::facts::Key;

/// The 32-bit view of `HKLM\SOFTWARE`, lower-case.
pub(super) const WOW: &str = r"hklm\software\wow6432node";
/// What the native view begins with, lower-case.
pub(super) const SOFTWARE: &str = r"hklm\software";
/// The control set in force, lower-case.
const CURRENT: &str = r"hklm\system\currentcontrolset";

/// Keys that say which machine this is, as [`KeyPath::lower`] has them.
pub(super) const COMPUTER_NAME: &str =
    r"hklm\system\currentcontrolset\control\computername\computername";
/// See [`COMPUTER_NAME`]; this one is in force until the next start after renaming.
pub(super) const ACTIVE_NAME: &str =
    r"hklm\system\currentcontrolset\control\computername\activecomputername";
/// Host name and domain.
pub(super) const TCPIP: &str = r"hklm\system\currentcontrolset\services\tcpip\parameters";
/// Client, domain controller or server.
pub(super) const PRODUCT: &str = r"hklm\system\currentcontrolset\control\productoptions";
/// The machine's own width, whatever process asks.
pub(super) const ENVIRONMENT: &str =
    r"hklm\system\currentcontrolset\control\session manager\environment";
/// The number of the control set in force.
pub(super) const SELECT: &str = r"hklm\system\select";

const ROOTS: [(&str, &str); 7] = [
    ("HKEY_LOCAL_MACHINE", "HKLM"),
    ("HKEY_CURRENT_USER", "HKCU"),
    ("HKEY_USERS", "HKU"),
    ("HKEY_CLASSES_ROOT", "HKCR"),
    ("HKEY_CURRENT_CONFIG", "HKCC"),
    ("HKEY_PERFORMANCE_DATA", "HKPD"),
    ("HKEY_DYN_DATA", "HKDD"),
];

/// A key's path in the one spelling that is compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct KeyPath {
    /// `HKLM\…` as written otherwise, with `CurrentControlSet` for `ControlSet00n`.
    pub(super) shown: String,
    /// The same in lower case.
    pub(super) lower: String,
    /// The number in `ControlSet00n`.
    pub(super) control_set: Option<u32>,
    /// The root was written short, as no program writes it into a `.reg` file.
    pub(super) short_root: bool,
}

/// Who wants to know what is under a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Use {
    /// The rules.
    Rules(Key),
    /// Whoever looks for misspelt keys.
    Neighbour,
    /// It says which machine this is.
    Machine,
    /// Nobody.
    Nobody,
}

impl KeyPath {
    /// Reads a path. `None`: it begins with no root, has a part without a name, or cannot be one.
    pub(super) fn read(path: &str) -> Option<Self> {
        if check_text(path).is_err() || path.chars().any(char::is_control) {
            return None;
        }
        let (root, rest) = path.split_once('\\').unwrap_or((path, ""));
        let (long, short) = ROOTS.iter().find(|(long, short)| {
            long.eq_ignore_ascii_case(root) || short.eq_ignore_ascii_case(root)
        })?;
        if !rest.is_empty() && rest.split('\\').any(str::is_empty) {
            return None;
        }
        let short_root = !long.eq_ignore_ascii_case(root);
        let (control_set, rest) = match (*short, numbered_set(rest)) {
            ("HKLM", Some((number, behind))) => {
                (Some(number), format!(r"SYSTEM\CurrentControlSet{behind}"))
            }
            _ => (None, rest.to_owned()),
        };
        let shown = if rest.is_empty() {
            (*short).to_owned()
        } else {
            format!(r"{short}\{rest}")
        };
        Some(Self {
            lower: shown.to_ascii_lowercase(),
            shown,
            control_set,
            short_root,
        })
    }

    /// The same key in the 32-bit view, when `HKLM\SOFTWARE` holds it.
    pub(super) fn in_32_bit_view(self) -> Self {
        if !below(&self.lower, SOFTWARE) || at_or_below(&self.lower, WOW) {
            return self;
        }
        let rest = self.shown.get(SOFTWARE.len()..).unwrap_or_default();
        let shown = format!(r"HKLM\SOFTWARE\Wow6432Node{rest}");
        Self {
            lower: shown.to_ascii_lowercase(),
            shown,
            ..self
        }
    }

    /// Who wants to know.
    pub(super) fn wanted(&self) -> Use {
        if !self.lower.starts_with("hklm") {
            return Use::Nobody;
        }
        if let Some(key) = Key::from_path(&self.shown) {
            return Use::Rules(key);
        }
        let machine = [
            COMPUTER_NAME,
            ACTIVE_NAME,
            TCPIP,
            PRODUCT,
            ENVIRONMENT,
            SELECT,
        ];
        if machine.contains(&self.lower.as_str()) {
            return Use::Machine;
        }
        if is_neighbour(&self.lower) {
            Use::Neighbour
        } else {
            Use::Nobody
        }
    }
}

/// The place that an export must hold before it can show that a key below it is missing: the hive, the view, the
/// control set. What stands above says nothing, for it may show another view or none.
pub(super) fn anchor(lower: &str) -> &'static str {
    [WOW, CURRENT, SOFTWARE]
        .into_iter()
        .find(|anchor| below(lower, anchor))
        .unwrap_or("hklm")
}

/// Whether a key stands somewhere below another; both lower-case.
pub(super) fn below(lower: &str, above: &str) -> bool {
    lower
        .strip_prefix(above)
        .is_some_and(|rest| rest.starts_with('\\'))
}

/// Whether it is that key, or stands below it.
pub(super) fn at_or_below(lower: &str, above: &str) -> bool {
    lower == above || below(lower, above)
}

/// `SYSTEM\ControlSet001\…`: the number, and what comes behind it.
fn numbered_set(rest: &str) -> Option<(u32, &str)> {
    const SET: &str = r"SYSTEM\ControlSet";
    let (head, tail) = rest.split_at_checked(SET.len())?;
    if !head.eq_ignore_ascii_case(SET) {
        return None;
    }
    let (digits, behind) = tail.split_at_checked(3)?;
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
    let ends = behind.is_empty() || behind.starts_with('\\');
    (plain && ends)
        .then(|| digits.parse().ok().map(|number| (number, behind)))
        .flatten()
}

/// Keys beside those that the rules read, near enough for a misspelt one to be found.
fn is_neighbour(lower: &str) -> bool {
    const SCHANNEL: &str = r"hklm\system\currentcontrolset\control\securityproviders\schannel";
    if let Some(rest) = lower.strip_prefix(SCHANNEL) {
        return rest.split('\\').count() <= 4;
    }
    let Some(rest) = lower.strip_prefix(SOFTWARE) else {
        return false;
    };
    let rest = lower.strip_prefix(WOW).unwrap_or(rest);
    let Some(rest) = rest.strip_prefix(r"\microsoft\") else {
        return false;
    };
    let mut parts = rest.split('\\');
    let product = parts.next().unwrap_or_default();
    let runtime = product.replace([' ', '.'], "") == "netframework" && parts.count() <= 1;
    runtime || rest.contains(r"internet settings\winhttp")
}

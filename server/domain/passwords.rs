//! Which passwords are taken: long enough, not endless, and none that everybody tries first.

/// Characters at least.
pub const SHORTEST: usize = 12;
/// Characters at most.
pub const LONGEST: usize = 128;

/// The commonest passwords of this length, in small letters.
const COMMON: &[&str] = &[
    "123456789012",
    "1234567890123",
    "12345678901234",
    "123456789abc",
    "1q2w3e4r5t6y",
    "1q2w3e4r5t6y7u8i",
    "1qaz2wsx3edc",
    "1qaz2wsx3edc4rfv",
    "abc123abc123",
    "abcdefghijkl",
    "abcdefghijklmnopqrstuvwxyz",
    "admin1234567",
    "admin12345678",
    "adminadminadmin",
    "administrator",
    "administrator1",
    "asdfghjkl123",
    "asdfghjkl;'#",
    "changeme1234",
    "changemechangeme",
    "configmgr123",
    "correcthorsebatterystaple",
    "football1234",
    "iloveyou1234",
    "letmein12345",
    "letmeinletmein",
    "microsoft123",
    "p@ssw0rd1234",
    "p@ssword1234",
    "passw0rd1234",
    "password1234",
    "password12345",
    "password123!",
    "password123456",
    "passwordpassword",
    "q1w2e3r4t5y6",
    "qazwsxedcrfv",
    "qwerty123456",
    "qwertyqwerty",
    "qwertyuiop12",
    "qwertyuiop123",
    "qwertyuiop[]",
    "qwertzuiop123",
    "summer202012",
    "unbelievable",
    "welcome12345",
    "welcome123456",
    "zaq12wsxcde3",
    "zxcvbnm12345",
];

/// Whether an account of this name may have this password.
///
/// # Errors
/// One sentence that says what is wrong with it.
pub fn check(name: &str, password: &str) -> Result<(), String> {
    let length = password.chars().count();
    if length < SHORTEST {
        return Err(format!("A password has at least {SHORTEST} characters."));
    }
    if length > LONGEST {
        return Err(format!("A password has at most {LONGEST} characters."));
    }
    if password.contains('\0') {
        return Err("A password holds no NUL character.".to_owned());
    }
    let small = password.to_lowercase();
    let first = small.chars().next();
    if COMMON.contains(&small.as_str()) || small.chars().all(|c| Some(c) == first) {
        return Err(
            "This is one of the passwords that everybody tries first; choose another.".to_owned(),
        );
    }
    let name = name.to_lowercase();
    let rest = small.trim_end_matches(|c: char| !c.is_alphabetic());
    let repeated = !name.is_empty() && small.replace(&name, "").is_empty();
    if repeated || rest == name {
        return Err("A password is not the name of the account; choose another.".to_owned());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_everybody_tries_first_is_refused() {
        for (password, word) in [
            ("", "at least"),
            ("short", "at least"),
            ("elevenchars", "at least"),
            (&"x1".repeat(65), "at most"),
            ("aaaaaaaaaaaa", "first"),
            ("Password1234", "first"),
            ("QwertyQwerty", "first"),
            ("ines.okafor.", "name"),
            ("ines.okafor2026!", "name"),
            ("ines.okaforines.okafor", "name"),
            ("twelve\0chars", "NUL"),
        ] {
            let said = check("Ines.Okafor", password);
            assert!(
                said.clone().is_err_and(|said| said.contains(word)),
                "{password:?}: {said:?}"
            );
        }
        for password in ["brown horse, 4 legs", &"ü9".repeat(64), "twelve chars"] {
            assert_eq!(check("ines.okafor", password), Ok(()), "{password:?}");
        }
        // A name without a letter is no trouble.
        assert_eq!(check("1", "brown horse, 4 legs"), Ok(()));
    }

    #[test]
    fn the_list_holds_only_what_could_be_taken() {
        for common in COMMON {
            let length = common.chars().count();
            assert!((SHORTEST..=LONGEST).contains(&length), "{common}");
            assert_eq!(common.to_lowercase(), *common);
        }
    }
}

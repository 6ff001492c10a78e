//! Which addresses are inside, in every way of writing them, and which networks the administrator can allow.

use std::net::IpAddr;

use cutover::webhooks::{address::Allowed, target};

/// Addresses, and what they are; empty: anybody may be told there.
const ADDRESSES: &[(&str, &str)] = &[
    ("93.184.216.34", ""),
    ("1.1.1.1", ""),
    ("9.255.255.255", ""),
    ("11.0.0.0", ""),
    ("100.63.255.255", ""),
    ("100.128.0.0", ""),
    ("126.255.255.255", ""),
    ("128.0.0.0", ""),
    ("169.253.255.255", ""),
    ("169.255.0.0", ""),
    ("172.15.255.255", ""),
    ("172.32.0.0", ""),
    ("192.167.255.255", ""),
    ("192.169.0.0", ""),
    ("223.255.255.255", ""),
    ("0.0.0.0", "unspecified"),
    ("0.1.2.3", "unspecified"),
    ("10.0.0.0", "private"),
    ("10.255.255.255", "private"),
    ("100.64.0.0", "private (shared by carriers)"),
    ("100.127.255.255", "private (shared by carriers)"),
    ("127.0.0.1", "loopback"),
    ("127.255.255.254", "loopback"),
    ("169.254.169.254", "link-local"),
    ("172.16.0.1", "private"),
    ("172.31.255.255", "private"),
    ("192.0.0.8", "reserved"),
    ("192.0.2.1", "for documentation"),
    ("192.168.0.1", "private"),
    ("198.18.0.1", "for benchmarks"),
    ("198.19.255.255", "for benchmarks"),
    ("198.51.100.7", "for documentation"),
    ("203.0.113.7", "for documentation"),
    ("224.0.0.1", "multicast"),
    ("239.255.255.250", "multicast"),
    ("240.0.0.1", "reserved"),
    ("255.255.255.255", "reserved"),
    ("2606:2800:220:1::1", ""),
    ("2001:4860:4860::8888", ""),
    ("2001:200::1", ""),
    ("::", "unspecified"),
    ("::1", "loopback"),
    ("100::1", "for discarding"),
    ("2001::1", "reserved"),
    ("2001:db8::1", "for documentation"),
    ("3fff::1", "for documentation"),
    ("fc00::1", "private"),
    ("fdff:ffff::1", "private"),
    ("fe80::1", "link-local"),
    ("febf::1", "link-local"),
    ("fec0::1", "private"),
    ("ff02::1", "multicast"),
    ("4000::1", "reserved"),
    ("1fff::1", "reserved"),
    // IPv4 in the clothes of IPv6: mapped, compatible, translated, tunnelled.
    ("::ffff:127.0.0.1", "loopback"),
    ("::ffff:7f00:1", "loopback"),
    ("::ffff:10.1.2.3", "private"),
    ("::ffff:169.254.169.254", "link-local"),
    ("::ffff:93.184.216.34", ""),
    ("::ffff:0:10.1.2.3", "private"),
    ("::127.0.0.1", "loopback"),
    ("::192.168.1.1", "private"),
    ("64:ff9b::10.0.0.1", "private"),
    ("64:ff9b::a9fe:a9fe", "link-local"),
    ("64:ff9b::93.184.216.34", ""),
    ("64:ff9b:1::10.0.0.1", "reserved"),
    ("2002:7f00:1::", "loopback"),
    ("2002:c0a8:101::1", "private"),
    ("2002:5db8:d822::1", ""),
];

fn address(text: &str) -> IpAddr {
    text.parse().expect("an address")
}

#[test]
fn addresses_inside_are_told_nothing() {
    let nothing = Allowed::default();
    for (text, what) in ADDRESSES {
        let found = nothing.check(address(text));
        let said = found.map_or_else(|refused| refused.what, |()| "");
        assert_eq!(said, *what, "{text}");
        if let Err(refused) = nothing.check(address(text)) {
            let sentence = refused.to_string();
            assert!(
                sentence.contains("--webhook-allow") && sentence.contains("CUTOVER_WEBHOOK_ALLOW"),
                "{sentence}"
            );
        }
    }
}

#[test]
fn networks_that_are_allowed_are_and_no_others() {
    for (allowed, good, bad) in [
        (
            "10.20.0.0/16",
            &["10.20.0.1", "::ffff:10.20.3.4", "64:ff9b::10.20.0.9"][..],
            &["10.21.0.1", "127.0.0.1", "fd00::1"][..],
        ),
        ("10.0.0.7", &["10.0.0.7"], &["10.0.0.8"]),
        (
            " 192.168.0.0/16 , fd00:1::/32 ,",
            &["192.168.9.9", "fd00:1::5"],
            &["fd00:2::5", "172.16.0.1"],
        ),
        (
            "127.0.0.0/8,::1",
            &["127.0.0.1", "::1", "::ffff:127.1.1.1"],
            &["10.0.0.1"],
        ),
        ("", &["8.8.8.8"], &["10.0.0.1", "::1"]),
        ("0.0.0.0/0", &["10.0.0.1", "127.0.0.1"], &["::1", "fe80::1"]),
    ] {
        let networks = Allowed::parse(allowed).expect(allowed);
        for text in good {
            assert_eq!(networks.check(address(text)), Ok(()), "{allowed}: {text}");
        }
        for text in bad {
            assert!(networks.check(address(text)).is_err(), "{allowed}: {text}");
        }
    }
    for (wrong, part) in [
        ("10.20.0.0/33", "no network"),
        ("chat.corp.example", "no network"),
        ("10.0.0.0/8;127.0.0.1", "no network"),
        ("10.20.30.40/8", "write 10.0.0.0/8"),
        ("fd00::1/64", "write fd00::/64"),
    ] {
        let said = Allowed::parse(wrong).expect_err(wrong);
        assert!(
            said.contains(part) && said.contains("webhook_allow"),
            "{said}"
        );
    }
}

#[test]
fn only_https_and_loopback_in_numbers_can_be_a_target() {
    for good in [
        "https://chat.corp.example/hooks/tls",
        "https://10.20.30.40:8443/x?key=1",
        "https://[fd00::1]/",
        "http://127.0.0.1:8080/",
        "http://[::1]:8080/",
    ] {
        assert!(target::url(good).is_ok(), "{good}");
    }
    for (wrong, part) in [
        ("http://chat.corp.example/", "HTTPS only"),
        ("http://localhost:8080/", "HTTPS only"),
        ("http://10.0.0.1/", "HTTPS only"),
        ("ftp://chat.corp.example/", "not over ftp"),
        ("file:///etc/passwd", "not over file"),
        ("chat.corp.example", "cannot be read"),
        ("https://", "cannot be read"),
        (
            "https://ann:secret@chat.corp.example/",
            "a name or a password",
        ),
        ("https://chat.corp.example/#part", "behind #"),
    ] {
        let said = target::url(wrong).expect_err(wrong);
        assert!(said.contains(part), "{wrong}: {said}");
    }
    assert!(target::url(&format!("https://a.example/{}", "x".repeat(2_000))).is_err());
    // Other ways of writing a loopback address in numbers are the same address.
    for disguised in ["http://2130706433/", "http://0x7f.1/", "http://127.1/"] {
        let url = target::url(disguised).expect("loopback");
        assert_eq!(url.host_str(), Some("127.0.0.1"), "{disguised}");
    }
}

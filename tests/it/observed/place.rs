//! Whose a connection was, and which box that makes.

use std::collections::{BTreeMap, HashMap};

use cutover::domain::{
    observed::{
        Doubt, Evidence, Lease, Named, Observation, Placed, Protocol, Quadrant, Seen, Via,
        place as place_all,
    },
    time::{HOUR, Timestamp},
};
use proptest::prelude::*;

fn seen(
    address: &str,
    machine: &str,
    via: Via,
    protocol: Protocol,
    hours: (i64, i64),
) -> Observation {
    Observation {
        system: "mp01".to_owned(),
        address: address.to_owned(),
        machine: machine.to_owned(),
        via,
        protocol,
        first: Timestamp(hours.0 * HOUR),
        last: Timestamp(hours.1 * HOUR),
        count: 1,
    }
}

fn had(address: &str, ident: &str, from: i64, until: i64) -> Lease {
    Lease {
        address: address.to_owned(),
        ident: ident.to_owned(),
        from: Timestamp(from * HOUR),
        until: Timestamp(until * HOUR),
        hearsay: false,
    }
}

fn place(observations: &[Observation], leases: &[Lease], named: &Named<u8>) -> Placed<u8> {
    let evidence = Evidence {
        observations: observations.to_vec(),
        leases: leases.to_vec(),
        ..Evidence::default()
    };
    place_all(&evidence, named)
}

fn named() -> Named<u8> {
    let mut named: Named<u8> = HashMap::new();
    for client in 1..=9 {
        named.insert(format!("n:ws{client}"), vec![client]);
    }
    named.insert("n:twin".to_owned(), vec![1, 2]);
    named
}

fn only_doubt(placed: &Placed<u8>) -> Option<Doubt> {
    placed.ambiguous.keys().map(|(_, doubt)| *doubt).next()
}

#[expect(clippy::too_many_lines, reason = "a table of cases")]
#[test]
fn an_address_is_a_client_only_when_exactly_one_had_it_the_whole_time() {
    use Doubt::{Forwarded, LeaseChanged, Proxy, Several, Shared, UnknownAddress, UnknownMachine};
    let a = "10.0.0.1";
    let pool: Vec<Lease> = (1..=6)
        .map(|n| had(a, &format!("n:ws{n}"), 100 + n, 101 + n))
        .collect();
    let mut shared = vec![had(a, "n:ws1", 0, 24)];
    shared.extend(pool);
    let direct = |hours| seen(a, "", Via::Direct, Protocol::Tls12, hours);
    let cases: Vec<(&str, Observation, Vec<Lease>, Option<Doubt>)> = vec![
        (
            "one lease",
            direct((2, 5)),
            vec![had(a, "n:ws1", 0, 24)],
            None,
        ),
        (
            "two leases that touch",
            direct((2, 9)),
            vec![had(a, "n:ws1", 0, 5), had(a, "n:ws1", 5, 24)],
            None,
        ),
        ("nobody", direct((2, 5)), vec![], Some(UnknownAddress)),
        (
            "another address",
            direct((2, 5)),
            vec![had("10.0.0.2", "n:ws1", 0, 24)],
            Some(UnknownAddress),
        ),
        (
            "another time",
            direct((2, 5)),
            vec![had(a, "n:ws1", 6, 24)],
            Some(UnknownAddress),
        ),
        (
            "too short",
            direct((2, 5)),
            vec![had(a, "n:ws1", 0, 4)],
            Some(LeaseChanged),
        ),
        (
            "changed hands",
            direct((2, 9)),
            vec![had(a, "n:ws1", 0, 4), had(a, "n:ws2", 5, 24)],
            Some(LeaseChanged),
        ),
        (
            "two at once",
            direct((2, 5)),
            vec![had(a, "n:ws1", 0, 24), had(a, "n:ws2", 3, 4)],
            Some(Several),
        ),
        (
            "a name of two",
            direct((2, 5)),
            vec![had(a, "n:twin", 0, 24)],
            Some(Several),
        ),
        (
            "a stranger",
            direct((2, 5)),
            vec![had(a, "n:printer", 0, 24)],
            Some(UnknownMachine),
        ),
        ("a pool", direct((2, 5)), shared, Some(Shared)),
        (
            "forwarded",
            seen(a, "", Via::Unnamed, Protocol::Tls12, (2, 5)),
            vec![had(a, "n:ws1", 0, 24)],
            Some(Forwarded),
        ),
        (
            "a proxy",
            seen(a, "", Via::Hidden, Protocol::Tls12, (2, 5)),
            vec![had(a, "n:ws1", 0, 24)],
            Some(Proxy),
        ),
        (
            "a machine account",
            seen(a, "n:ws3", Via::Direct, Protocol::Tls12, (2, 5)),
            vec![],
            None,
        ),
        (
            "a machine account of two",
            seen(a, "n:twin", Via::Direct, Protocol::Tls12, (2, 5)),
            vec![],
            Some(Several),
        ),
        (
            "a machine account of nobody",
            seen(a, "n:gone", Via::Direct, Protocol::Tls12, (2, 5)),
            vec![],
            Some(UnknownMachine),
        ),
    ];
    for (what, observation, leases, doubt) in cases {
        let placed = place(&[observation], &leases, &named());
        assert_eq!(only_doubt(&placed), doubt, "{what}");
        let safe = placed
            .clients
            .values()
            .any(|client| client.seen == Seen::Modern);
        assert_eq!(safe, doubt.is_none(), "{what}: never safe in doubt");
    }
}

#[test]
fn an_old_protocol_in_doubt_speaks_against_everybody_whose_it_may_be() {
    let a = "10.0.0.1";
    let leases = [had(a, "n:ws1", 0, 24), had(a, "n:ws2", 0, 24)];
    let modern = seen("10.0.0.9", "n:ws1", Via::Direct, Protocol::Tls12, (1, 2));
    let old = seen(a, "", Via::Direct, Protocol::Tls10, (2, 5));
    let placed = place(&[modern, old], &leases, &named());
    for client in [1, 2] {
        assert_eq!(placed.clients[&client].seen, Seen::Unclear, "{client}");
        assert!(placed.clients[&client].suspected);
    }
}

#[test]
fn a_proxy_proves_nothing_new_and_something_old() {
    let a = "10.0.0.1";
    let leases = [had(a, "n:ws1", 0, 24)];
    for (protocol, wanted) in [
        (Protocol::Tls12, Seen::Unclear),
        (Protocol::Tls10, Seen::Legacy),
        (Protocol::Unknown, Seen::Unclear),
        (Protocol::Failed, Seen::Nothing),
    ] {
        let placed = place(
            &[seen(a, "", Via::Proxy, protocol, (2, 5))],
            &leases,
            &named(),
        );
        assert_eq!(placed.clients[&1].seen, wanted, "{protocol:?}");
    }
}

#[test]
fn hearsay_warns_and_never_clears() {
    let a = "10.0.0.1";
    let heard = |who: &str, from, until| Lease {
        hearsay: true,
        ..had(a, who, from, until)
    };
    let line = |protocol| seen(a, "", Via::Direct, protocol, (2, 5));
    for (what, leases, protocol, client, doubt) in [
        (
            "old",
            vec![heard("n:ws1", 0, 24)],
            Protocol::Tls10,
            Some(Seen::Legacy),
            None,
        ),
        (
            "new",
            vec![heard("n:ws1", 0, 24)],
            Protocol::Tls12,
            None,
            Some(Doubt::UnknownAddress),
        ),
        (
            "new, and a lease",
            vec![heard("n:ws2", 0, 24), had(a, "n:ws1", 0, 24)],
            Protocol::Tls12,
            Some(Seen::Modern),
            None,
        ),
        (
            "two of them",
            vec![heard("n:ws2", 0, 24), heard("n:ws1", 0, 24)],
            Protocol::Tls10,
            Some(Seen::Unclear),
            Some(Doubt::Several),
        ),
    ] {
        let placed = place(&[line(protocol)], &leases, &named());
        assert_eq!(only_doubt(&placed), doubt, "{what}");
        let known = placed.clients.get(&1).map(|known| known.seen);
        assert_eq!(known, client, "{what}");
    }
    let crowd = Evidence {
        observations: vec![line(Protocol::Tls10)],
        leases: Vec::new(),
        crowded: [a.to_owned()].into(),
    };
    assert_eq!(
        only_doubt(&place_all(&crowd, &named())),
        Some(Doubt::Shared)
    );
}

#[test]
fn every_box_has_its_code() {
    for quadrant in Quadrant::ALL {
        assert_eq!(Quadrant::from_code(quadrant.code()), Some(quadrant));
    }
}

fn any_observation() -> impl Strategy<Value = Observation> {
    let machine = prop::sample::select(vec!["", "", "", "n:ws1", "n:ws2", "n:twin", "n:gone"]);
    let via = prop::sample::select(Via::ALL.to_vec());
    let protocol = prop::sample::select(Protocol::ALL.to_vec());
    (1_u8..4, machine, via, protocol, 0_i64..20, 0_i64..4).prop_map(
        |(host, machine, via, protocol, first, length)| {
            let address = format!("10.0.0.{host}");
            seen(&address, machine, via, protocol, (first, first + length))
        },
    )
}

fn any_lease() -> impl Strategy<Value = Lease> {
    let ident = prop::sample::select(vec!["n:ws1", "n:ws2", "n:ws3", "n:twin", "n:printer"]);
    (1_u8..4, ident, 0_i64..12, 0_i64..24).prop_map(|(host, ident, from, length)| {
        had(&format!("10.0.0.{host}"), ident, from, from + length)
    })
}

proptest! {
    #[test]
    fn a_line_more_never_makes_a_client_look_safer(
        lines in prop::collection::vec(any_observation(), 0..12),
        leases in prop::collection::vec(any_lease(), 0..8),
        more in any_observation(),
    ) {
        let named = named();
        let before = place(&lines, &leases, &named);
        let mut all = lines;
        all.insert(all.len() / 2, more.clone());
        let after = place(&all, &leases, &named);
        for (client, known) in &before.clients {
            let then = after.clients.get(client).map_or(Seen::Nothing, |known| known.seen);
            if known.seen >= Seen::Unclear {
                prop_assert!(then >= Seen::Unclear, "{client}: {:?} became {then:?}", known.seen);
            }
        }
        // Only a line that proves TLS 1.2 can make somebody look as if it had nothing else.
        for (client, known) in &after.clients {
            let then = before.clients.get(client).map_or(Seen::Nothing, |known| known.seen);
            if known.seen == Seen::Modern && then != Seen::Modern {
                prop_assert_eq!(more.protocol.proves(), Seen::Modern);
            }
        }
        all.reverse();
        let reversed = place(&all, &leases, &named);
        prop_assert_eq!(&reversed.clients, &after.clients);
        prop_assert_eq!(&reversed.ambiguous, &after.ambiguous);
        // Each address decides for itself, so a fleet is read a few addresses at a time.
        let mut by_address: BTreeMap<u8, Seen> = BTreeMap::new();
        for host in 1..4 {
            let address = format!("10.0.0.{host}");
            let lines: Vec<Observation> =
                all.iter().filter(|line| line.address == address).cloned().collect();
            let leases: Vec<Lease> =
                leases.iter().filter(|lease| lease.address == address).cloned().collect();
            for (client, known) in place(&lines, &leases, &named).clients {
                let seen = by_address.entry(client).or_default();
                *seen = known.seen.max(*seen);
            }
        }
        let whole: BTreeMap<u8, Seen> =
            after.clients.iter().map(|(client, known)| (*client, known.seen)).collect();
        prop_assert_eq!(by_address, whole);
    }
}

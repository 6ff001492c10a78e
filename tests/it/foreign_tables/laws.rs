//! Nothing from outside breaks the readers, no order matters, and what is left out never makes a fact.

use std::collections::{BTreeMap, BTreeSet};

use cutover::{
    domain::{
        assess::{Policy, assess},
        facts::{Key, Reading},
        verdict::Standing,
    },
    wire::foreign::{cmpivot, mapping::Mapping, meaning::Meaning, run_scripts, wide},
};
use proptest::{collection::vec, option, prelude::*, sample::select, test_runner::RngSeed};

use super::{
    collected,
    join::joined,
    read_wide,
    samples::{PIVOT, SCRIPTS, WIDE, facts},
    source,
};

fn config(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(1_203),
        ..ProptestConfig::default()
    }
}

/// Whatever the text: readers answer, and every document that they make is a report that can be read.
fn survive(text: &str) {
    let _ = Mapping::guess(text.split([',', '\n']));
    let _ = text.parse::<Meaning>();
    let key = r"Registry('hklm:\\SYSTEM\\CurrentControlSet\\Control\\Lsa')";
    for read in [
        collected(|sink| wide::read(&source(text), None, sink)),
        collected(|sink| cmpivot::read(&source(text), None, Some(key), sink)),
        collected(|sink| cmpivot::read(&source(text), None, None, sink)),
        collected(|sink| run_scripts::read(&source(text), None, sink)),
    ]
    .into_iter()
    .flatten()
    {
        for piece in read.pieces.iter().filter(|piece| piece.raw.is_none()) {
            facts(&piece.document);
        }
    }
}

fn samples() -> impl Strategy<Value = &'static str> {
    let all: Vec<&str> = WIDE
        .iter()
        .chain(PIVOT)
        .chain([&SCRIPTS])
        .map(|(_, text)| *text)
        .collect();
    select(all)
}

/// One edit: where, how much goes, and what comes.
fn edits() -> impl Strategy<Value = Vec<(usize, usize, String)>> {
    let piece = prop_oneof![
        select(
            &[
                ",",
                ";",
                "\"",
                "\n",
                "\r\n",
                "NULL",
                "-1",
                "\\",
                "sep=;\n",
                "=\"",
                "'",
                "\u{0}",
                "0x",
                "ß",
                "\u{1F600}",
                "KB",
                "Not Set",
                "Device",
                "Name",
                "{",
                "99999999999999999999",
                "2026-11-20",
                ":",
                "!",
                "Query completed on 1 of 2",
            ][..]
        )
        .prop_map(str::to_owned),
        "\\PC{0,6}",
    ];
    vec(
        (
            any::<prop::sample::Index>().prop_map(|i| i.index(1 << 14)),
            0_usize..40,
            piece,
        ),
        1..6,
    )
}

fn edited(text: &str, edits: &[(usize, usize, String)]) -> String {
    let mut chars: Vec<char> = text.chars().collect();
    for (at, gone, more) in edits {
        let from = at % (chars.len() + 1);
        let to = (from + gone).min(chars.len());
        chars.splice(from..to, more.chars());
    }
    chars.into_iter().collect()
}

/// A cell of the column at this place.
fn cell(column: usize) -> BoxedStrategy<String> {
    let list: &'static [&'static str] = match column {
        1 => &["10.0.19045", "6.1.7601", "10.0", "", "NULL", "x"],
        2 => &["19045", "7601", "", "NULL"],
        3 => &["1", "3", "", "server", "9"],
        4 => &["64-bit", "x86", "", "NULL"],
        5..=8 => &[
            "0", "1", "2720", "0xA0", "", "NULL", "Not Set", "-1", "absent", "text", "#N/A",
        ],
        9 => &["1", "0", "", "NULL", "yes"],
        10 => &["KB3140245", "KB4019276;KB3140245", "", "KB1 missing"],
        11 => &["6.1.7601.24000", "", "Not Found", "x"],
        12 => &["2026-11-20T08:15:00Z", "2026-11-20 08:15:00", "11/20/2026"],
        _ => &["5.00.9128.1007", "", "NULL"],
    };
    select(list).prop_map(str::to_owned).boxed()
}

const HEADING: [&str; 14] = [
    "Name",
    "OSVersion",
    "BuildNumber",
    "ProductType",
    "OSArchitecture",
    "DefaultSecureProtocols",
    "DefaultSecureProtocols_Wow6432Node",
    "TLS12ClientEnabled",
    "TLS12ClientDisabledByDefault",
    "HasKB3140245",
    "hotfixes",
    "winhttp.dll",
    "LastHWScan",
    "Client_Version0",
];

/// Rows of few devices, so that some come up again.
fn rows(devices: u32) -> impl Strategy<Value = Vec<Vec<String>>> {
    let cells: Vec<BoxedStrategy<String>> = (1..HEADING.len()).map(cell).collect();
    vec((0..devices, cells), 1..8).prop_map(|rows| {
        rows.into_iter()
            .map(|(device, mut cells)| {
                cells.insert(0, format!("PC-{device}"));
                cells
            })
            .collect()
    })
}

fn table(rows: &[Vec<String>], order: &[usize]) -> String {
    let line = |cells: &[&str]| {
        let cells: Vec<String> = order
            .iter()
            .map(|at| format!("\"{}\"", cells[*at]))
            .collect();
        cells.join(",")
    };
    let mut text = line(&HEADING);
    for row in rows {
        text.push('\n');
        text.push_str(&line(&row.iter().map(String::as_str).collect::<Vec<_>>()));
    }
    text
}

/// Documents by device.
fn documents(text: &str) -> BTreeMap<String, String> {
    let (pieces, refused) = joined(&[text]);
    assert!(refused.is_empty(), "{refused:?}");
    pieces
        .iter()
        .map(|piece| {
            let json = String::from_utf8(piece.document.to_json()).expect("UTF-8");
            (piece.document.client.name.clone().expect("named"), json)
        })
        .collect()
}

/// Every single thing that is known of each device, as the rules see it.
fn known(text: &str) -> BTreeSet<String> {
    let (pieces, _) = joined(&[text]);
    let mut all = BTreeSet::new();
    for piece in pieces {
        let document = &piece.document;
        let name = document.client.name.clone().expect("named");
        let facts = facts(document);
        let mut fact = |what: String| all.insert(format!("{name}: {what}"));
        if document.os.version.is_some() {
            fact(format!("{:?}", facts.os.version));
        }
        fact(format!("type {:?}", facts.os.product_type));
        fact(format!("bits {:?}", facts.os.bits));
        for key in Key::ALL {
            for value in [
                "DefaultSecureProtocols",
                "Enabled",
                "DisabledByDefault",
                "Other",
            ] {
                match facts.registry.value(key, value) {
                    Reading::NotCollected => {}
                    reading => {
                        fact(format!("{key:?} {value} {reading:?}"));
                    }
                }
            }
        }
        for number in facts.hotfixes.iter().flatten() {
            fact(format!("KB{number}"));
        }
        assert!(facts.hotfixes.is_none() || facts.hotfixes_cut);
        fact(format!("{:?}", facts.files.and_then(|files| files.winhttp)));
        fact(format!(
            "{:?} {:?}",
            document.collected_at, document.os.last_boot_at
        ));
    }
    all.retain(|fact| !fact.contains("None"));
    all
}

proptest! {
    #![proptest_config(config(150))]

    #[test]
    fn no_text_breaks_a_reader(text in "[a-zA-Z0-9,;\"\n\r\t '=#\\\\:._-]{0,400}|\\PC{0,200}") {
        survive(&text);
    }

    #[test]
    fn no_damaged_sample_breaks_a_reader(text in samples(), edits in edits()) {
        survive(&edited(text, &edits));
    }

    #[test]
    fn orders_do_not_matter(
        rows in rows(3),
        order in Just((0..HEADING.len()).collect::<Vec<_>>()).prop_shuffle(),
        seed in any::<u64>(),
    ) {
        let straight: Vec<usize> = (0..HEADING.len()).collect();
        let mut shuffled = rows.clone();
        // A turn and a swap reach every order over enough cases.
        let turn = usize::try_from(seed % 8).expect("small") % shuffled.len();
        shuffled.rotate_left(turn);
        if seed & 8 != 0 {
            shuffled.reverse();
        }
        prop_assert_eq!(documents(&table(&rows, &straight)), documents(&table(&shuffled, &order)));
    }

    #[test]
    fn what_is_left_out_makes_no_fact(
        rows in rows(3),
        gone in vec((any::<prop::sample::Index>(), option::of(1..HEADING.len())), 1..6),
    ) {
        let straight: Vec<usize> = (0..HEADING.len()).collect();
        // What contradicts itself is taken from neither side, and half of it is no contradiction; so there is none here.
        let mut rows = rows;
        for (at, row) in rows.iter_mut().enumerate() {
            row[0] = format!("PC-{at}");
            if !row[1].ends_with(&row[2]) {
                row[2].clear();
            }
        }
        let mut less = rows.clone();
        for (at, cell) in gone {
            if less.is_empty() {
                break;
            }
            let row = at.index(less.len());
            match cell {
                Some(cell) => less[row][cell].clear(),
                None => {
                    less.remove(row);
                }
            }
        }
        let (before, after) = (known(&table(&rows, &straight)), known(&table(&less, &straight)));
        let new: Vec<&String> = after.difference(&before).collect();
        prop_assert!(new.is_empty(), "{:?} out of nothing", new);
    }
}

#[test]
fn a_table_alone_clears_no_64_bit_client() {
    let values = [
        ("DefaultSecureProtocols", "Not Set"),
        ("DefaultSecureProtocols_Wow6432Node", "2720"),
        ("TLS12ClientEnabled", "1"),
        ("TLS12ClientDisabledByDefault", "0"),
        ("NetRelease", "533320"),
        ("SchUseStrongCrypto_v4", "1"),
        ("SchUseStrongCrypto_v4_Wow64", "1"),
        ("SystemDefaultTlsVersions_v4", "1"),
        ("SystemDefaultTlsVersions_v4_Wow64", "1"),
    ];
    let heading: Vec<&str> = values.iter().map(|(heading, _)| *heading).collect();
    let cells: Vec<&str> = values.iter().map(|(_, cell)| *cell).collect();
    let text = format!(
        "Name,OSVersion,ProductType,OSArchitecture,{}\nPC-1,10.0.19045,1,64-bit,{}\n",
        heading.join(","),
        cells.join(",")
    );
    let mut mapping = Mapping::guess(text.lines().next().expect("a heading").split(','));
    for (vouched, standing) in [(false, Standing::Undetermined), (true, Standing::Ready)] {
        mapping.explicit_views = vouched;
        let read = read_wide(&text, Some(&mapping));
        let verdict = assess(&facts(&read.pieces[0].document), &Policy::default());
        assert_eq!(verdict.standing, standing, "{verdict:#?}");
    }
}

//! Networks as settings and commands name them.

use std::net::IpAddr;

use ipnet::IpNet;

/// Reads networks with commas between, such as `10.20.0.0/16,fd00:1::/64`; a plain address is a network of one. `setting`
/// is what the sentence about a mistake names.
///
/// # Errors
/// One sentence naming the word that is no network.
pub fn parse(setting: &str, text: &str) -> Result<Vec<IpNet>, String> {
    text.split(',')
        .map(str::trim)
        .filter(|word| !word.is_empty())
        .map(|word| network(setting, word))
        .collect()
}

fn network(setting: &str, word: &str) -> Result<IpNet, String> {
    if let Ok(address) = word.parse::<IpAddr>() {
        return Ok(IpNet::from(address));
    }
    let network: IpNet = word.parse().map_err(|_| {
        format!(
            "{setting} names {word:?}, which is no network; write one like 10.20.0.0/16 or fd00:1::/64, with commas \
             between several"
        )
    })?;
    // Bits behind the prefix are a slip of the pen: 10.20.30.40/8 would allow far more than was meant.
    if network.addr() == network.network() {
        Ok(network)
    } else {
        Err(format!(
            "{setting} names {word:?}, which has bits behind its prefix; write {} if the whole network is meant, or \
             the address alone",
            network.trunc()
        ))
    }
}

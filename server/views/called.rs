//! Under which names a client is known, in sentences.

use crate::store::model::ClientDetail;

/// How it was found by its name, what it was called before, and from which records it was told apart.
pub fn sentences(client: &ClientDetail) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(fqdn) = &client.by_name {
        lines.push(format!(
            "Matched by its name: one source had no fully qualified name, and {fqdn} was the only counted client of this name. If there are two machines of this name in two domains, give the device list the fully qualified names."
        ));
    }
    let former = &client.former;
    let names = former.names.iter().map(|name| name.to_uppercase());
    let all: Vec<String> = names.chain(former.fqdns.iter().cloned()).collect();
    if !former.names.is_empty() && !former.fqdns.is_empty() {
        lines.push(format!(
            "Known as {} before: a report with another name and another fully qualified name carried the same ConfigMgr id. Either it was renamed, or two machines share that id.",
            all.join(", ")
        ));
    } else if !all.is_empty() {
        lines.push(format!("Also known as {}.", all.join(", ")));
    }
    for other in &client.settled {
        lines.push(format!(
            "{} said on {} that {} is another machine.",
            other.by,
            other.at.to_string().get(..10).unwrap_or_default(),
            other.name
        ));
    }
    lines
}

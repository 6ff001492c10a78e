//! A small reader of our own HTML that finds what a browser would forgive and a screen reader would not.

/// Elements that have no end tag. In our SVG, shapes close themselves.
const VOID: &[&str] = &["!doctype", "meta", "link", "input", "br", "hr", "img"];

/// Everything that is wrong with a page, one line each.
pub fn faults(html: &str) -> Vec<String> {
    let mut faults = Vec::new();
    let mut open: Vec<&str> = Vec::new();
    let mut ids: Vec<&str> = Vec::new();
    let mut wanted: Vec<(&str, &str)> = Vec::new();
    let mut headings: Vec<u8> = Vec::new();
    let mut labelled = 0;
    for tag in tags(html) {
        if let Some(name) = tag.strip_prefix('/') {
            match open.pop() {
                Some(last) if last == name => {}
                last => faults.push(format!("</{name}> closes {last:?}")),
            }
            labelled -= i32::from(name == "label");
            continue;
        }
        let name = tag.split([' ', '/', '\n']).next().unwrap_or_default();
        let value = |attribute: &str| attribute_of(tag, attribute);
        if !VOID.contains(&name) && !tag.ends_with('/') {
            open.push(name);
        }
        if let Some(level) = name.strip_prefix('h').and_then(|level| level.parse().ok()) {
            headings.push(level);
        }
        labelled += i32::from(name == "label");
        if let Some(id) = value("id") {
            if ids.contains(&id) {
                faults.push(format!("id {id} is there twice"));
            }
            ids.push(id);
        }
        for attribute in ["aria-labelledby", "aria-describedby", "for"] {
            let ids = value(attribute).into_iter().flat_map(str::split_whitespace);
            wanted.extend(ids.map(|id| (attribute, id)));
        }
        if let Some(id) = value("href").and_then(|href| href.strip_prefix('#')) {
            wanted.push(("href", id));
        }
        faults.extend(rules(name, tag, labelled > 0));
    }
    if !open.is_empty() {
        faults.push(format!("never closed: {open:?}"));
    }
    for (attribute, id) in wanted {
        if !ids.contains(&id) {
            faults.push(format!("{attribute} names {id}, which is not there"));
        }
    }
    if headings.first() != Some(&1) || headings[1..].contains(&1) {
        faults.push("not exactly one h1, or not first".to_owned());
    }
    if headings.windows(2).any(|pair| pair[1] > pair[0] + 1) {
        faults.push(format!("headings skip a level: {headings:?}"));
    }
    let captions = html.matches("<caption").count();
    if html.matches("<table").count() != captions {
        faults.push("a table without a caption".to_owned());
    }
    faults
}

/// What must hold for a single tag.
fn rules(name: &str, tag: &str, in_label: bool) -> Vec<String> {
    let has = |attribute: &str| attribute_of(tag, attribute).is_some();
    let mut faults = Vec::new();
    let mut fault = |when: bool, what: &str| {
        if when {
            faults.push(format!("{what}: <{tag}>"));
        }
    };
    fault(has("style"), "a style attribute is refused by our policy");
    fault(
        tag.contains(" on"),
        "a script attribute is refused by our policy",
    );
    fault(name == "style", "an inline sheet is refused by our policy");
    fault(
        name == "script" && !has("src"),
        "an inline script is refused by our policy",
    );
    fault(
        name == "th" && !has("scope"),
        "a heading cell without scope",
    );
    fault(
        name == "a" && attribute_of(tag, "href").is_none_or(str::is_empty),
        "a link to nowhere",
    );
    fault(
        name == "svg" && !has("aria-hidden") && !has("aria-labelledby"),
        "a picture that is neither hidden nor described",
    );
    fault(
        name == "pre" && !has("tabindex"),
        "a box that scrolls but cannot be reached by keyboard",
    );
    let hidden = attribute_of(tag, "type") == Some("hidden");
    let field = matches!(name, "input" | "select") && !hidden;
    fault(field && !in_label && !has("id"), "a field without a label");
    fault(
        name == "section" && !has("aria-labelledby") && !has("aria-label"),
        "a section without a name",
    );
    faults
}

/// The insides of every tag, comments aside.
fn tags(html: &str) -> impl Iterator<Item = &str> {
    html.split('<')
        .skip(1)
        .map(|rest| rest.split('>').next().unwrap_or_default())
}

fn attribute_of<'t>(tag: &'t str, name: &str) -> Option<&'t str> {
    let start = tag.find(&format!(" {name}=\""))? + name.len() + 3;
    tag[start..].split('"').next()
}

#[test]
fn the_reader_finds_planted_faults() {
    let page = "<main><h1>a</h1><h3>b</h3><p id=\"x\" style=\"y\"><a href=\"\">c</a><b id=\"x\"></p></main>";
    let found = faults(page).join("\n");
    for expected in [
        "style attribute",
        "link to nowhere",
        "x is there twice",
        "skip a level",
        "</p> closes",
    ] {
        assert!(found.contains(expected), "{expected} in\n{found}");
    }
}

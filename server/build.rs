//! Rebuilds when a migration changes, and lists the files of two folders so that all of them are built in: the collector
//! kit, and the examples of the API's document.

use std::{env, fs, path::Path};

fn main() {
    println!("cargo:rerun-if-changed=migrations");
    build_in("static/kit", "kit.rs");
    build_in("static/contract/examples", "examples.rs");
}

/// Writes name and content of every file of a folder into a list of this name.
fn build_in(folder: &str, list_name: &str) {
    println!("cargo:rerun-if-changed={folder}");
    let root = env::var("CARGO_MANIFEST_DIR").expect("cargo names the folder of the package");
    let out = env::var("OUT_DIR").expect("cargo names the folder for what is made");
    let folder = Path::new(&root).join(folder);
    let mut names: Vec<String> = fs::read_dir(&folder)
        .expect("the folder is there")
        .map(|entry| entry.expect("an entry").file_name())
        .map(|name| name.to_string_lossy().into_owned())
        // What editors leave beside a file is none of them.
        .filter(|name| !name.starts_with('.') && !name.ends_with('~'))
        .collect();
    names.sort();
    let mut list = String::from("[");
    for name in &names {
        let path = folder.join(name).to_string_lossy().into_owned();
        list.push_str(&format!("({name:?}, include_bytes!({path:?}).as_slice()),"));
    }
    list.push(']');
    fs::write(Path::new(&out).join(list_name), list).expect("the list can be written");
}

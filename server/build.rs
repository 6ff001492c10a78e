//! Rebuilds when a migration changes, and lists the files of the collector kit so that all of them are built in.

use std::{env, fs, path::Path};

fn main() {
    println!("cargo:rerun-if-changed=migrations");
    println!("cargo:rerun-if-changed=static/kit");
    let root = env::var("CARGO_MANIFEST_DIR").expect("cargo names the folder of the package");
    let out = env::var("OUT_DIR").expect("cargo names the folder for what is made");
    let folder = Path::new(&root).join("static/kit");
    let mut names: Vec<String> = fs::read_dir(&folder)
        .expect("static/kit is there")
        .map(|entry| entry.expect("an entry").file_name())
        .map(|name| name.to_string_lossy().into_owned())
        // What editors leave beside a file is none of the kit.
        .filter(|name| !name.starts_with('.') && !name.ends_with('~'))
        .collect();
    names.sort();
    let mut list = String::from("[");
    for name in &names {
        let path = folder.join(name).to_string_lossy().into_owned();
        list.push_str(&format!("({name:?}, include_bytes!({path:?}).as_slice()),"));
    }
    list.push(']');
    fs::write(Path::new(&out).join("kit.rs"), list).expect("the list of the kit can be written");
}

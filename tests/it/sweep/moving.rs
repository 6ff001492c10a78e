//! Reading and moving on a real file system.

use std::{fs, path::Path, time::Duration};

use cutover::cli::sweep::{
    choose,
    memory::Memory,
    parcel::{self, MOST_BYTES, Unread},
    places::{Place, Places, Unmoved},
    settling::{Found, Look},
};

fn put(folder: &Path, name: &str, text: &str) -> Found {
    fs::write(folder.join(name), text).expect("a file");
    seen(folder, name)
}

fn seen(folder: &Path, name: &str) -> Found {
    let metadata = fs::symlink_metadata(folder.join(name)).expect("a file");
    Found {
        name: name.into(),
        look: Look::of(&metadata).expect("its times"),
    }
}

fn text(path: &Path) -> String {
    fs::read_to_string(path).expect("a file")
}

fn folder() -> (tempfile::TempDir, Places) {
    let folder = tempfile::tempdir().expect("a folder");
    let places = Places::open(folder.path()).expect("its places");
    (folder, places)
}

#[test]
fn a_name_that_is_taken_gets_a_number_and_nothing_is_replaced() {
    let (folder, places) = folder();
    for (content, name) in [
        ("one", "a.json"),
        ("two", "a.json.2"),
        ("three", "a.json.3"),
    ] {
        let found = put(folder.path(), "a.json", content);
        assert_eq!(places.carry(&found, Place::Done).expect("moved"), name);
    }
    for (content, name) in [
        ("one", "a.json"),
        ("two", "a.json.2"),
        ("three", "a.json.3"),
    ] {
        assert_eq!(text(&folder.path().join("done").join(name)), content);
    }
    assert!(!folder.path().join("a.json").exists());
    // The longest name there can be.
    let long = "x".repeat(255);
    for _ in 0..2 {
        let found = put(folder.path(), &long, "long");
        let name = places.carry(&found, Place::Failed).expect("moved");
        places.explain(&name, "why").expect("explained");
    }
    let failed = fs::read_dir(folder.path().join("failed")).expect("a folder");
    assert_eq!(failed.count(), 4);
}

#[test]
fn a_reason_lies_beside_the_file_and_replaces_nothing() {
    let (folder, places) = folder();
    let failed = folder.path().join("failed");
    put(&failed, "a.json.reason.txt", "somebody's");
    let found = put(folder.path(), "a.json", "one");
    let name = places.carry(&found, Place::Failed).expect("moved");
    places.explain(&name, "the reason").expect("explained");
    assert_eq!(text(&failed.join("a.json.reason.txt")), "somebody's");
    assert_eq!(text(&failed.join("a.json.reason.txt.2")), "the reason");
}

#[test]
fn what_has_changed_is_neither_read_nor_moved() {
    let (folder, places) = folder();
    let found = put(folder.path(), "a.json", "one");
    put(folder.path(), "a.json", "longer");
    assert_eq!(
        parcel::read(folder.path(), &found).err(),
        Some(Unread::Changing)
    );
    assert_eq!(places.carry(&found, Place::Done), Err(Unmoved::Changed));
    // The same size, another time.
    let found = put(folder.path(), "b.json", "one");
    let file = fs::OpenOptions::new()
        .write(true)
        .open(folder.path().join("b.json"))
        .expect("it");
    file.set_modified(found.look.modified + Duration::from_secs(1))
        .expect("another time");
    assert_eq!(
        parcel::read(folder.path(), &found).err(),
        Some(Unread::Changing)
    );
    assert_eq!(places.carry(&found, Place::Done), Err(Unmoved::Changed));
    fs::remove_file(folder.path().join("b.json")).expect("gone");
    assert_eq!(
        parcel::read(folder.path(), &found).err(),
        Some(Unread::Gone)
    );
    assert_eq!(
        fs::read_dir(folder.path().join("done"))
            .expect("a folder")
            .count(),
        0
    );
}

#[test]
fn a_file_is_read_whole_with_its_hash() {
    let (folder, _) = folder();
    let found = put(folder.path(), "a.json", "abc");
    let parcel = parcel::read(folder.path(), &found).expect("read");
    assert_eq!(parcel.bytes, "abc");
    assert_eq!(parcel.sha256[..4], [0xba, 0x78, 0x16, 0xbf]);
    let empty = put(folder.path(), "empty", "");
    assert!(
        parcel::read(folder.path(), &empty)
            .expect("read")
            .bytes
            .is_empty()
    );
    for (size, refused) in [(MOST_BYTES, None), (MOST_BYTES + 1, Some(Unread::TooLarge))] {
        let file = fs::File::create(folder.path().join("large")).expect("a file");
        file.set_len(size).expect("a size");
        drop(file);
        let found = seen(folder.path(), "large");
        assert_eq!(parcel::read(folder.path(), &found).err(), refused, "{size}");
    }
}

#[test]
fn a_folder_that_cannot_be_used_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let why = Places::open(&folder.path().join("none")).expect_err("none");
    assert!(
        why.contains("none") && why.contains("cannot be read"),
        "{why}"
    );
    put(folder.path(), "file", "");
    let why = Places::open(&folder.path().join("file")).expect_err("a file");
    assert!(why.contains("is not a folder"), "{why}");
    put(folder.path(), "done", "");
    let why = Places::open(folder.path()).expect_err("done is a file");
    assert!(why.contains("done is not a folder"), "{why}");
}

#[cfg(unix)]
#[test]
fn links_are_never_followed() {
    use std::os::unix::fs::symlink;
    let (folder, places) = folder();
    let elsewhere = tempfile::tempdir().expect("a folder");
    let secret = put(elsewhere.path(), "secret", "secret");
    symlink(
        elsewhere.path().join("secret"),
        folder.path().join("a.json"),
    )
    .expect("a link");
    let listing = choose::list(folder.path(), &mut Memory::default()).expect("a list");
    assert_eq!(
        (listing.files.len(), listing.in_all, listing.strange),
        (0, 0, 1)
    );
    // A link that was put there after the look at a file just like its target.
    let found = Found {
        name: "a.json".into(),
        look: secret.look,
    };
    assert_eq!(
        parcel::read(folder.path(), &found).err(),
        Some(Unread::Changing)
    );
    assert_eq!(places.carry(&found, Place::Done), Err(Unmoved::Changed));
    // A folder that became a link.
    let found = put(folder.path(), "b.json", "one");
    fs::remove_dir(folder.path().join("done")).expect("gone");
    symlink(elsewhere.path(), folder.path().join("done")).expect("a link");
    let refused = places.carry(&found, Place::Done);
    assert!(
        matches!(&refused, Err(Unmoved::Refused(why)) if why.contains("not a folder")),
        "{refused:?}"
    );
    assert!(folder.path().join("b.json").exists());
    assert_eq!(fs::read_dir(elsewhere.path()).expect("a folder").count(), 1);
    let why = Places::open(folder.path()).expect_err("a link");
    assert!(why.contains("not a folder"), "{why}");
}

#[test]
fn only_files_directly_in_the_folder_are_listed() {
    let (folder, _) = folder();
    for name in ["b.json", ".hidden", "a.tmp", "a.part", "a.json"] {
        put(folder.path(), name, "x");
    }
    put(&folder.path().join("done"), "old.json", "x");
    fs::create_dir(folder.path().join("more")).expect("a folder");
    put(&folder.path().join("more"), "deep.json", "x");
    let listing = choose::list(folder.path(), &mut Memory::default()).expect("a list");
    let mut names: Vec<_> = listing
        .files
        .iter()
        .map(|file| file.name.to_string_lossy())
        .collect();
    names.sort_unstable();
    assert_eq!(names, ["a.json", "b.json"]);
    assert_eq!(
        (listing.in_all, listing.strange, listing.unclear),
        (2, 0, 0)
    );
}

#[cfg(target_os = "linux")]
#[test]
fn a_file_open_for_writing_is_known() {
    use cutover::cli::sweep::writing::being_written;
    let (folder, _) = folder();
    put(folder.path(), "read", "x");
    let reading = fs::File::open(folder.path().join("read")).expect("it");
    let writing = fs::File::create(folder.path().join("written")).expect("it");
    let below = fs::File::create(folder.path().join("done").join("below")).expect("it");
    let names = being_written(folder.path());
    assert_eq!(names.into_iter().collect::<Vec<_>>(), ["written"]);
    drop((reading, writing, below));
    assert!(being_written(folder.path()).is_empty());
}

//! `cutover import --one-run`: the files of one run are joined by device, whichever way they go.

use std::{fs, process::Output};

use crate::support::app::TestApp;

const SYSTEMS: &str = "Device,Caption,Version,BuildNumber,ProductType,OSArchitecture\n\
PIV-01,Microsoft Windows 10 Pro,10.0.19045,19045,1,64-bit\n\
PIV-02,Microsoft Windows 10 Pro,10.0.19045,19045,1,64-bit\n";
const VALUES: &str = r"Device,Key,Property,Value
PIV-01,HKLM\SYSTEM\CurrentControlSet\Control\SecurityProviders\SCHANNEL\Protocols\TLS 1.2\Client,Enabled,0
";

fn lines(output: &Output) -> Vec<Vec<String>> {
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let cells = |line: &str| line.split('\t').map(str::to_owned).collect();
    // Notes and the sum are no rows.
    let rows = text.lines().filter(|line| line.contains('\t'));
    rows.filter(|line| !line.starts_with("note\t"))
        .map(cells)
        .collect()
}

#[tokio::test]
async fn the_files_of_one_run_are_one_upload() {
    for app in TestApp::each().await {
        let directory = tempfile::tempdir().expect("a directory");
        let file = |name: &str, text: &str| {
            let path = directory.path().join(name);
            fs::write(&path, text).expect("a file");
            path.display().to_string()
        };
        let systems = file("systems \"1\".csv", SYSTEMS);
        let values = file("values.csv", VALUES);
        let server = format!("https://{}", app.address);
        let certificate = app.certificate().display().to_string();
        let run = ["--one-run", "--asked", "9", &systems, &values];
        let mut through = vec![
            "import",
            "--verbose",
            "--server",
            &server,
            "--ca",
            &certificate,
        ];
        through.extend(["--token", app.token("import")]);
        through.extend(run);
        let first = app.command(&through, "");
        let said = String::from_utf8_lossy(&first.stderr).into_owned();
        assert!(
            said.contains("asked 9, answered 2: 7 said nothing"),
            "{said}"
        );
        let first = lines(&first);
        assert_eq!(first.len(), 2, "a line a device: {first:?}");
        assert!(first.iter().all(|line| line[2] == "stored"), "{first:?}");
        let uploads = app.uploads(reqwest::Method::GET, "");
        let uploads = crate::support::answer::Answer::to(uploads).await;
        let uploads = uploads.ok("uploads").json();
        assert_eq!(uploads["items"].as_array().map(Vec::len), Some(1));
        let upload = &uploads["items"][0];
        assert_eq!(
            upload["files"].as_array().map(Vec::len),
            Some(2),
            "{upload}"
        );
        assert_eq!(upload["options"]["one_run"], true, "{upload}");
        // The other way it is the same again.
        let mut direct = vec!["import", "--verbose"];
        direct.extend(run);
        let second = lines(&app.command(&direct, ""));
        assert_eq!(second.len(), 2, "{second:?}");
        let clients = |lines: &[Vec<String>]| -> Vec<String> {
            let mut clients: Vec<String> = lines.iter().map(|line| line[3].clone()).collect();
            clients.sort();
            clients
        };
        assert_eq!(clients(&first), clients(&second));
        assert!(
            second.iter().all(|line| line[2] == "unchanged"),
            "{second:?}"
        );
        // Without it, each file is an upload of its own.
        let alone = lines(&app.command(&["import", "--verbose", &systems, &values], ""));
        assert_eq!(alone.len(), 3, "{alone:?}");
    }
}

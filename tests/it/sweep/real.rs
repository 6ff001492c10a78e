//! The command against the real server: what a stub agrees to is not what a server says.

use std::{fs, process::Output};

use crate::support::app::TestApp;

fn said(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

#[tokio::test]
async fn files_of_a_share_reach_a_real_server_and_are_moved() {
    for app in TestApp::each().await {
        let folder = tempfile::tempdir().expect("a folder");
        let put = |name: &str, text: &str| {
            fs::write(folder.path().join(name), text).expect("a file");
        };
        put("report.json", &app.report("PC-1").line());
        put(
            "half.ndjson",
            &format!("{}\n{{}}\n", app.report("PC-2").line()),
        );
        put("nonsense.txt", "nobody wrote a reader for this");
        let server = format!("https://{}", app.address);
        let certificate = app.certificate().display().to_string();
        let path = folder.path().display().to_string();
        let words = [
            "sweep",
            &path,
            "--server",
            &server,
            "--ca",
            &certificate,
            "--token",
            app.token("import"),
            "--once",
            "--settle",
            "0",
        ];
        let pass = app.command(&words, "");
        let text = said(&pass);
        assert_eq!(pass.status.code(), Some(1), "{text}");
        assert!(
            text.contains("done\treport.json\t1 new, 0 changed, 0 unchanged, 0 late"),
            "{text}"
        );
        assert!(text.contains("failed\thalf.ndjson\t"), "{text}");
        assert!(text.contains("failed\tnonsense.txt\t"), "{text}");
        assert!(text.contains("1 done, 2 failed"), "{text}");
        assert!(folder.path().join("done/report.json").exists());
        let reason = fs::read_to_string(folder.path().join("failed/half.ndjson.reason.txt"))
            .expect("the reason");
        assert!(
            reason.contains("1 record was refused") && reason.contains("line 2"),
            "{reason}"
        );
        // The good record of a file that failed in part is stored; the same report again changes nothing.
        let summary = app.json("/api/v1/summary").await;
        assert_eq!(summary["population"]["total"], 2, "{summary}");
        fs::remove_dir_all(folder.path().join("done")).expect("the moved files");
        put("again.json", &app.report("PC-1").line());
        let again = app.command(&words, "");
        assert!(again.status.success(), "{}", said(&again));
        assert!(
            said(&again).contains("0 new") && said(&again).contains("1 done"),
            "{}",
            said(&again)
        );
    }
}

//! A server that is told to stop says goodbye, and complains of nothing.

use std::time::Duration;

use crate::support::{postgres::Database, process::Home};

#[tokio::test]
async fn a_normal_stop_logs_no_warning() {
    let database = Database::fresh().await;
    let mut homes = vec![Home::sqlite()];
    homes.extend(
        database
            .iter()
            .map(|database| Home::postgres(&database.url())),
    );
    for home in homes {
        // What runs beside the requests wakes up every second, so some of these stops meet it.
        for pause in [0, 400, 990, 1_000, 1_010, 1_990] {
            let server = home.start();
            tokio::time::sleep(Duration::from_millis(pause)).await;
            assert_eq!(server.stop().code(), Some(0), "{}", home.log());
        }
        let log = home.log();
        assert!(log.contains("asked to stop"), "{log}");
        assert!(!log.contains("WARN") && !log.contains("ERROR"), "{log}");
    }
}

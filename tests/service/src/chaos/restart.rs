use std::process::ExitStatus;
use std::time::Duration;

use tokio::process::Command;

/// Runs a command again and again that restarts the server, with some time between.
pub(super) async fn server(command: String, every: Duration) {
    loop {
        tokio::time::sleep(every).await;
        let restarted = Command::new("sh").args(["-c", &command]).status().await;
        if !restarted.as_ref().is_ok_and(ExitStatus::success) {
            eprintln!("`{command}` did not restart the server: {restarted:?}");
        }
    }
}

//! The real `mapwright serve` as a process, for what only a process can show: crashes, signals, logs.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::Value;

use crate::command;
use crate::host::{Folder, Patience, until};

/// The real command, serving. Killed when dropped.
#[derive(Debug)]
pub struct Served {
    child: Child,
    lines: Arc<Mutex<Vec<Value>>>,
}

impl Served {
    /// Starts `mapwright serve` on a folder.
    ///
    /// # Panics
    /// When the process cannot be started.
    #[must_use]
    pub fn start(folder: &Folder) -> Self {
        Self::start_in(folder, &[])
    }

    /// The same in an environment with some more variables.
    ///
    /// # Panics
    /// When the process cannot be started.
    #[must_use]
    pub fn start_in(folder: &Folder, environment: &[(String, String)]) -> Self {
        let mut child = Command::new(command::path())
            .args(["serve", "--config"])
            .arg(folder.dir())
            .env("MAPWRIGHT_LOG", "info")
            .envs(environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the command was built and can be run");
        let stderr = child.stderr.take().expect("it was asked for");
        let lines = Arc::new(Mutex::new(Vec::new()));
        let heard = Arc::clone(&lines);
        std::thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                let line = serde_json::from_str(&line).unwrap_or(Value::String(line));
                heard.lock().unwrap_or_else(PoisonError::into_inner).push(line);
            }
        });
        Self { child, lines }
    }

    /// What it has logged, one JSON object for each line; what is no JSON is a string.
    #[must_use]
    pub fn log(&self) -> Vec<Value> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Where it serves, as soon as it does; none if it ends before.
    ///
    /// # Panics
    /// When it does neither.
    pub async fn address_or_end(&mut self) -> Option<SocketAddr> {
        let mut patience = Patience::default();
        loop {
            let log = self.log();
            let serving = log.iter().find(|line| line["message"] == "serving");
            if let Some(address) = serving.and_then(|line| line["address"].as_str()) {
                return Some(address.parse().expect("an address is logged"));
            }
            if self.ended().is_some() {
                return None;
            }
            assert!(!patience.is_over(), "it neither serves nor ends: {log:#?}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// The process's id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// How it ended, if it has.
    ///
    /// # Panics
    /// When the system will not say.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().expect("a child can be asked")
    }

    /// Waits until it serves, and says where.
    ///
    /// # Panics
    /// When it does not; the message has its log.
    pub async fn address(&mut self) -> SocketAddr {
        let mut patience = Patience::default();
        loop {
            let log = self.log();
            let serving = log.iter().find(|line| line["message"] == "serving");
            if let Some(address) = serving.and_then(|line| line["address"].as_str()) {
                return address.parse().expect("an address is logged");
            }
            let ended = self.child.try_wait().expect("a child can be asked");
            assert!(ended.is_none(), "it ended ({ended:?}): {log:#?}");
            assert!(!patience.is_over(), "it does not serve: {log:#?}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// How much memory the process has in use, in bytes: what `ps` calls RSS.
    ///
    /// # Panics
    /// When it is gone, or the system keeps no `/proc`.
    #[must_use]
    pub fn resident_bytes(&self) -> u64 {
        let path = format!("/proc/{}/status", self.child.id());
        let status = std::fs::read_to_string(&path).expect("the process lives");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<u64>().ok());
        kib.unwrap_or_else(|| panic!("{path} has no VmRSS: {status}")) * 1024
    }

    /// `kill -9`, and waits until it is gone.
    ///
    /// # Panics
    /// When the system will not.
    pub fn kill(mut self) {
        self.child.kill().expect("a child can be killed");
        self.child.wait().expect("a killed child ends");
    }

    /// SIGTERM; answers how it ended and all it logged.
    ///
    /// # Panics
    /// When it does not end.
    pub async fn terminate(mut self) -> (ExitStatus, Vec<Value>) {
        let sent = Command::new("kill").arg(self.child.id().to_string()).status();
        assert!(sent.is_ok_and(|status| status.success()), "SIGTERM can be sent");
        let status =
            until("it ends", async || self.child.try_wait().expect("a child can be asked")).await;
        // The reader of its log is a moment behind.
        until("its log ends", async || {
            self.log().iter().any(|line| line["message"] == "stopped").then_some(())
        })
        .await;
        (status, self.log())
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // Gone already is as good.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

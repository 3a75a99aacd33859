//! A real `mapwright serve` as a child process, so that nothing of the benchmark counts as its own.
//! Linux only: it reads `/proc`.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// The child; killed when dropped.
pub(crate) struct Served {
    child: Child,
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// From its start until it listened.
    pub(crate) took: Duration,
}

impl Served {
    /// Starts it on the merchants in `dir` and waits until it listens.
    /// `more` stands in its `mapwright.toml`.
    pub(crate) fn start(dir: &Path, more: &str) -> Self {
        let free = TcpListener::bind("127.0.0.1:0").expect("a port can be had");
        let address = free.local_addr().expect("a bound listener has an address");
        drop(free);
        let toml = format!("listen = \"{address}\"\n{more}");
        std::fs::write(dir.join("mapwright.toml"), toml).expect("it can be written");
        let begun = Instant::now();
        let child = Command::new(env!("CARGO_BIN_EXE_mapwright"))
            .args(["serve", "--config"])
            .arg(dir)
            .env("MAPWRIGHT_LOG", "error")
            .stdin(Stdio::null())
            .spawn()
            .expect("the host starts");
        let mut served = Self { child, address, took: Duration::ZERO };
        while TcpStream::connect(address).is_err() {
            let ended = served.child.try_wait().expect("a child can be asked");
            assert!(ended.is_none(), "the host ended");
            std::thread::sleep(Duration::from_millis(5));
        }
        served.took = begun.elapsed();
        served
    }

    /// Resident now.
    pub(crate) fn resident_mb(&self) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))
            .expect("the host lives");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kb = line.and_then(|line| line.trim().strip_suffix(" kB"));
        kb.and_then(|kb| kb.trim().parse::<f64>().ok()).expect("a number of kB") / 1024.0
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.child.kill().expect("it can be stopped");
        self.child.wait().expect("it has stopped");
    }
}

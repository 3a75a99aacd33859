//! A real Tryton server for the tests: 8.2 from PyPI on SQLite, on loopback, furnished so that the
//! captured shop orders can be sold in it (`tests/tryton/furnish.py` says with what).
//!
//! Building it takes a minute or two and happens once; it is kept under `target/` by a digest of the
//! scripts. A server starts in seconds on a copy of the clean database, on a free port. It ends when
//! its [`Tryton`] is dropped, and when the test process ends in whatever way: it reads from a pipe
//! that only this process holds open.

use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use base64::Engine as _;
use serde_json::{Value, json};

/// The database's name.
pub const DATABASE: &str = "erp";
/// A user who may do everything.
pub const USERNAME: &str = "mapwright";
/// Their password.
pub const PASSWORD: &str = "mapwright-pw-0001";

/// Loading the modules takes a few seconds on an idle machine.
const START_MAX: Duration = Duration::from_secs(120);

const SCRIPTS: [&str; 4] = [
    include_str!("../tryton/requirements.txt"),
    include_str!("../tryton/build.py"),
    include_str!("../tryton/furnish.py"),
    include_str!("../tryton/serve.py"),
];

/// A running server. Killed when dropped.
#[derive(Debug)]
pub struct Tryton {
    child: Child,
    port: u16,
    folder: PathBuf,
    session: Mutex<Option<(String, Value)>>,
}

/// The server that tests share which do not mind each other's records.
///
/// # Panics
/// When it cannot be built or started; the text says why.
pub fn shared() -> &'static Tryton {
    static SHARED: OnceLock<Tryton> = OnceLock::new();
    SHARED.get_or_init(Tryton::start)
}

impl Tryton {
    /// A server of its own, on a fresh copy of the clean database.
    ///
    /// # Panics
    /// When it cannot be built or started; the text says why.
    #[must_use]
    pub fn start() -> Self {
        let built = built();
        let port = free_port();
        let folder = built.join("runs").join(format!("{}-{port}", std::process::id()));
        fs::create_dir_all(&folder).expect("the target folder can be written to");
        fs::copy(built.join("clean.sqlite"), folder.join("erp.sqlite")).expect("the copy fits");
        let configuration = folder.join("trytond.conf");
        let path = folder.display();
        // SQLite with one thread of ours and one of Tryton's needs no more than this.
        let text = format!(
            "[database]\nuri = sqlite://\npath = {path}\n[web]\nlisten = 127.0.0.1:{port}\n\
             [email]\nuri = smtp://127.0.0.1:1\n"
        );
        fs::write(&configuration, text).expect("the target folder can be written to");
        let log = File::create(folder.join("log")).expect("the target folder can be written to");
        // `-d` loads the database before the first call: 8.2 does not survive it the other way round.
        let child = Command::new(built.join("venv/bin/python"))
            .arg(scripts().join("serve.py"))
            .arg(built.join("venv/bin/trytond"))
            .arg("-c")
            .arg(&configuration)
            .args(["-d", DATABASE])
            .stdin(Stdio::piped())
            .stdout(log.try_clone().expect("a file handle can be cloned"))
            .stderr(log)
            .spawn()
            .expect("the venv has a python");
        let mut server = Self { child, port, folder, session: Mutex::default() };
        server.wait_until_up();
        server
    }

    /// `http://127.0.0.1:PORT`, for `base_url`.
    pub fn base_url(&self) -> String {
        format!("http://{}", self.address())
    }

    /// `127.0.0.1:PORT`.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Calls `model.<method>` as [`USERNAME`]; `params` without the context.
    ///
    /// # Panics
    /// When the server refuses; the text is its answer.
    pub fn call(&self, method: &str, params: &[Value]) -> Value {
        let (authorization, context) = {
            let mut session = self.session.lock().unwrap_or_else(PoisonError::into_inner);
            session.get_or_insert_with(|| self.login()).clone()
        };
        let mut params = params.to_vec();
        params.push(context);
        self.post(&format!("model.{method}"), &Value::Array(params), Some(&authorization))
    }

    /// The fields of all records that the domain names.
    pub fn find(&self, model: &str, domain: Value, fields: &[&str]) -> Vec<Value> {
        let params = [domain, json!(0), Value::Null, json!([["id", "ASC"]]), json!(fields)];
        match self.call(&format!("{model}.search_read"), &params) {
            Value::Array(records) => records,
            other => panic!("not a list of records: {other}"),
        }
    }

    /// Makes the server forget all sessions, as it does by itself after some time.
    ///
    /// # Panics
    /// When the database stays locked.
    pub fn expire_sessions(&self) {
        let database =
            rusqlite::Connection::open(self.folder.join("erp.sqlite")).expect("it is there");
        database.busy_timeout(Duration::from_secs(30)).expect("a timeout can be set");
        database.execute("DELETE FROM ir_session", []).expect("sessions can be deleted");
        *self.session.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    fn login(&self) -> (String, Value) {
        let params = json!([USERNAME, { "password": PASSWORD }, "en"]);
        let answer = self.post("common.db.login", &params, None);
        let token = format!("{USERNAME}:{}:{}", answer[0], answer[1].as_str().unwrap_or_default());
        let token = base64::engine::general_purpose::STANDARD.encode(token);
        let authorization = format!("Session {token}");
        let method = "model.res.user.get_preferences";
        let context = self.post(method, &json!([true, {}]), Some(&authorization));
        (authorization, context)
    }

    /// One call over a plain socket: the tests' own way, independent of the code under test.
    fn post(&self, method: &str, params: &Value, authorization: Option<&str>) -> Value {
        let body = json!({ "id": 1, "method": method, "params": params }).to_string();
        let authorization =
            authorization.map(|text| format!("Authorization: {text}\r\n")).unwrap_or_default();
        let request = format!(
            "POST /{DATABASE}/rpc/ HTTP/1.0\r\nHost: 127.0.0.1\r\n{authorization}\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        let mut socket = TcpStream::connect(("127.0.0.1", self.port)).expect("the server is up");
        socket.write_all(request.as_bytes()).expect("the server reads");
        let mut answer = Vec::new();
        socket.read_to_end(&mut answer).expect("the server answers");
        let text = String::from_utf8_lossy(&answer);
        let body = text.split_once("\r\n\r\n").map(|(_, body)| body).unwrap_or_default();
        let mut answer: Value =
            serde_json::from_str(body).unwrap_or_else(|_| panic!("{method} answered {text}"));
        assert!(answer.get("error").is_none_or(Value::is_null), "{method} answered {answer}");
        answer["result"].take()
    }

    fn wait_until_up(&mut self) {
        let deadline = Instant::now() + START_MAX;
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            let ended = self.child.try_wait().expect("the child can be asked");
            let log = || fs::read_to_string(self.folder.join("log")).unwrap_or_default();
            assert!(ended.is_none(), "trytond ended at once:\n{}", log());
            assert!(Instant::now() < deadline, "trytond is not up after {START_MAX:?}:\n{}", log());
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for Tryton {
    fn drop(&mut self) {
        // Gone already is as good.
        self.child.kill().ok();
        self.child.wait().ok();
        fs::remove_dir_all(&self.folder).ok();
    }
}

fn scripts() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tryton")
}

/// The folder with the venv and the clean database, built if need be, by one process at a time.
fn built() -> PathBuf {
    let mut digest = DefaultHasher::new();
    SCRIPTS.hash(&mut digest);
    let target = std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../target"), PathBuf::from);
    let all = target.join("tryton");
    let folder = all.join(format!("{:016x}", digest.finish()));
    fs::create_dir_all(&folder).expect("the target folder can be written to");
    let lock = File::create(all.join("lock")).expect("the target folder can be written to");
    lock.lock().expect("a file can be locked");
    if !folder.join("ready").exists() {
        let done = Command::new("python3")
            .arg(scripts().join("build.py"))
            .arg(&folder)
            .output()
            .expect("python3 is installed (the Tryton tests need it, with venv and pip)");
        let said = String::from_utf8_lossy(&done.stderr);
        assert!(done.status.success(), "Tryton cannot be set up: {said}");
    }
    forget_old_runs(&folder.join("runs"));
    folder.canonicalize().expect("it has just been made")
}

/// A shared server's folder outlives its process; the next one to start takes it away.
fn forget_old_runs(runs: &Path) {
    let hour = Duration::from_secs(3600);
    for run in fs::read_dir(runs).into_iter().flatten().flatten() {
        let age =
            run.metadata().and_then(|meta| meta.modified()).ok().and_then(|at| at.elapsed().ok());
        if age.is_some_and(|age| age > hour) {
            fs::remove_dir_all(run.path()).ok();
        }
    }
}

fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("loopback has a free port");
    listener.local_addr().expect("a bound socket has an address").port()
}

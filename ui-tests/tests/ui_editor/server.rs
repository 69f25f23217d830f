//! The language server, and the protocol that is spoken with it.

use std::ffi::OsString;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use serde_json::{Value, json};

use crate::compiler::say;

/// The time that one message may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// Errors of requests that have to be made once more, as the server has heard something new meanwhile.
const CANCELLED: [Option<i64>; 2] = [Some(-32801), Some(-32802)];

pub(crate) struct Server {
    process: Child,
    input: ChildStdin,
    output: Receiver<Value>,
    requests: u64,
    /// What it last said of itself.
    status: Value,
}

impl Server {
    /// Starts it, if there is one.
    pub(crate) fn start() -> Option<Self> {
        let program = program()?;
        let mut process = Command::new(program)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("it has told its version");
        let (sender, receiver) = mpsc::channel();
        let output = process.stdout.take().expect("it is a pipe");
        std::thread::spawn(move || {
            let mut output = BufReader::new(output);
            while let Some(message) = read(&mut output) {
                if sender.send(message).is_err() {
                    break;
                }
            }
        });
        Some(Self {
            input: process.stdin.take().expect("it is a pipe"),
            process,
            output: receiver,
            requests: 0,
            status: Value::Null,
        })
    }

    /// Waits for it to have read the project and loaded the macros.
    pub(crate) fn wait_until_ready(&mut self) {
        while self.status["quiescent"] != true {
            self.receive();
        }
        assert_eq!(self.status["health"], "ok", "{}", self.status);
    }

    /// Asks for something, and waits for the answer.
    pub(crate) fn request(&mut self, method: &str, parameters: &Value) -> Value {
        loop {
            let mut answer = self.answer(method, parameters);
            let error = &answer["error"];
            if error.is_null() {
                return answer["result"].take();
            }
            assert!(
                CANCELLED.contains(&error["code"].as_i64()),
                "{method}: {error}"
            );
        }
    }

    fn answer(&mut self, method: &str, parameters: &Value) -> Value {
        self.requests += 1;
        let id = self.requests;
        self.send(&json!({ "id": id, "method": method, "params": parameters }));
        loop {
            let message = self.receive();
            if message["id"] == id && message["method"].is_null() {
                return message;
            }
        }
    }

    /// Tells of something.
    pub(crate) fn notify(&mut self, method: &str, parameters: &Value) {
        self.send(&json!({ "method": method, "params": parameters }));
    }

    fn send(&mut self, message: &Value) {
        let mut message = message.clone();
        message["jsonrpc"] = "2.0".into();
        let text = message.to_string();
        write!(self.input, "Content-Length: {}\r\n\r\n{text}", text.len())
            .and_then(|()| self.input.flush())
            .expect("the language server reads");
    }

    /// The next message, after which a status is known and a question answered.
    fn receive(&mut self) -> Value {
        let message = self.output.recv_timeout(PATIENCE);
        let message = message.expect("the language server answers");
        if message["method"] == "experimental/serverStatus" {
            self.status = message["params"].clone();
        } else if !message["method"].is_null() && !message["id"].is_null() {
            self.send(&json!({ "id": message["id"], "result": null }));
        }
        message
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _killed = self.process.kill();
        let _exited = self.process.wait();
    }
}

/// The program, if it runs: what rustup puts in the `PATH` needs a component that may not be installed.
fn program() -> Option<OsString> {
    let named = std::env::var_os("RUST_ANALYZER");
    let program = named.clone().unwrap_or_else(|| "rust-analyzer".into());
    let version = Command::new(&program).arg("--version").output();
    if version.is_ok_and(|output| output.status.success()) {
        return Some(program);
    }
    assert!(named.is_none(), "RUST_ANALYZER does not run");
    say("left out: the macros in an editor (there is no rust-analyzer that runs)");
    None
}

/// The next message, unless it was the last.
fn read(output: &mut BufReader<ChildStdout>) -> Option<Value> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        if output.read_line(&mut line).ok()? == 0 {
            return None;
        }
        match line.trim_end().split_once(": ") {
            Some(("Content-Length", count)) => length = count.parse().ok()?,
            Some(_) => {}
            None => break,
        }
    }
    let mut text = vec![0; length];
    output.read_exact(&mut text).ok()?;
    serde_json::from_slice(&text).ok()
}

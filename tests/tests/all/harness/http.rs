//! A node's API by plain HTTP/1.0, in which an answer ends where the connection does.
//! Holds: every request ends; an answer that comes before the request is all sent is read.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use std::time::Duration;

use serde_json::Value;

/// Longer than a node waits for a commit.
const TIMEOUT: Duration = Duration::from_secs(45);

/// Where a node answers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Api {
    pub(crate) port: u16,
}

/// What it answered.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    head: String,
    pub(crate) body: Vec<u8>,
}

/// Server-sent events, as they come.
pub(crate) struct Events(BufReader<TcpStream>);

impl Api {
    pub(crate) fn url(self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The answer to a request, if the node gives one. `headers` are whole lines.
    pub(crate) fn ask(
        self,
        request: &str,
        headers: &[&str],
        body: &[u8],
    ) -> std::io::Result<Answer> {
        let mut stream = self.send(request, headers, body)?;
        let mut bytes = Vec::new();
        // A node that has not read all of the request may reset the connection after its answer.
        let read = stream.read_to_end(&mut bytes);
        match Answer::read(&bytes) {
            Some(answer) => Ok(answer),
            None => Err(read.err().unwrap_or_else(|| std::io::Error::other("no whole answer"))),
        }
    }

    fn send(self, request: &str, headers: &[&str], body: &[u8]) -> std::io::Result<TcpStream> {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port))?;
        stream.set_read_timeout(Some(TIMEOUT))?;
        stream.set_write_timeout(Some(TIMEOUT))?;
        let mut head = format!("{request} HTTP/1.0\r\n");
        if !headers.iter().any(|header| header.starts_with("host:")) {
            head.push_str("host: localhost\r\n");
        }
        if !request.starts_with("GET") {
            head.push_str(&format!("content-length: {}\r\n", body.len()));
        }
        for header in headers {
            head.push_str(header);
            head.push_str("\r\n");
        }
        head.push_str("\r\n");
        stream.write_all(head.as_bytes())?;
        // An answer may come before all is sent; whether one came, reading tells.
        let _ = stream.write_all(body);
        Ok(stream)
    }

    pub(crate) fn get(self, path: &str) -> Answer {
        self.ask(&format!("GET {path}"), &[], b"").unwrap()
    }

    /// The JSON at `path`.
    pub(crate) fn json(self, path: &str) -> Value {
        let answer = self.get(path);
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        answer.json()
    }

    /// Submits a record: `path` is `/v1/records`, with or without `?wait=commit`.
    pub(crate) fn submit(self, path: &str, record: &[u8]) -> std::io::Result<Answer> {
        self.ask(&format!("POST {path}"), &["content-type: application/octet-stream"], record)
    }

    /// Submits a record and returns where it was committed.
    pub(crate) fn commit(self, record: &[u8]) -> Value {
        let answer = self.submit("/v1/records?wait=commit", record).unwrap();
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json()
    }

    /// Listens to events.
    pub(crate) fn events(self, path: &str, headers: &[&str]) -> Events {
        let stream = self.send(&format!("GET {path}"), headers, b"").unwrap();
        let mut events = Events(BufReader::new(stream));
        let status = events.line().unwrap();
        assert!(status.contains(" 200 "), "{status}");
        while !events.line().unwrap().is_empty() {}
        events
    }
}

impl Answer {
    fn read(bytes: &[u8]) -> Option<Answer> {
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
        let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
        let status = head.split(' ').nth(1)?.parse().ok()?;
        let answer = Answer { status, head, body: bytes[end + 4..].to_vec() };
        let length = answer.header("content-length").and_then(|length| length.parse().ok());
        (length.unwrap_or(answer.body.len()) == answer.body.len()).then_some(answer)
    }

    /// A header's value; `name` in lower case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let headers = self.head.lines().filter_map(|line| line.split_once(": "));
        headers.filter(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value).next()
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|e| panic!("{e}: {}", self.text()))
    }

    /// The problem that the answer is: of this status and type, in a problem's form.
    pub(crate) fn problem(&self, status: u16, kind: &str) -> Value {
        assert_eq!(self.status, status, "{kind} expected: {}", self.text());
        assert_eq!(self.header("content-type"), Some("application/problem+json"), "{}", self.head);
        let body = self.json();
        assert_eq!(body["type"], format!("urn:comity:{kind}"), "{body}");
        assert_eq!(body["status"], status, "{body}");
        assert!(body["title"].is_string() && body["detail"].is_string(), "{body}");
        body
    }
}

impl Events {
    fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        let count = self.0.read_line(&mut line).unwrap();
        (count > 0).then(|| line.trim_end_matches(['\r', '\n']).to_owned())
    }

    /// The next entry, with its event's id; `None` when the node ended the stream.
    pub(crate) fn next(&mut self) -> Option<(u64, Value)> {
        let (mut id, mut data, mut kind) = (None, None, None);
        loop {
            let line = self.line()?;
            match line.split_once(": ") {
                Some(("id", value)) => id = value.parse().ok(),
                Some(("event", value)) => kind = Some(value.to_owned()),
                Some(("data", value)) => data = serde_json::from_str(value).ok(),
                _ => {}
            }
            if line.is_empty()
                && let (Some(id), Some(data)) = (id, data.take())
            {
                assert_eq!(kind.as_deref(), Some("entry"));
                return Some((id, data));
            }
        }
    }
}

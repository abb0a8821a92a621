//! One connection that submits records and waits for each to be committed.
//! Holds: one request at a time, over one connection that is kept; an answer is read whole.
//! May not enter: measuring. Plain HTTP/1.1 by hand: hundreds of these share the machine with the
//! nodes they measure, so that they must cost as little as they can.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use std::time::Duration;

/// Longer than a node waits for a commit.
const TIMEOUT: Duration = Duration::from_secs(60);
/// Longest answer that is read (bytes).
const MAX_ANSWER_BYTES: u64 = 64 * 1024;

/// What a node answered.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    /// The HTTP status.
    pub(crate) status: u16,
    /// The body.
    pub(crate) body: String,
}

/// A connection to a node on this machine.
#[derive(Debug)]
pub(crate) struct Connection {
    stream: BufReader<TcpStream>,
    /// The request as it is sent, used again and again.
    request: Vec<u8>,
}

impl Connection {
    /// Connects. Errors: nobody listens.
    pub(crate) fn open(port: u16) -> io::Result<Connection> {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(TIMEOUT))?;
        stream.set_write_timeout(Some(TIMEOUT))?;
        Ok(Connection { stream: BufReader::with_capacity(2048, stream), request: Vec::new() })
    }

    /// Submits a record and waits for the answer, which comes when it is committed. Errors: the
    /// connection failed, or what came is no HTTP answer.
    pub(crate) fn submit(&mut self, record: &[u8]) -> io::Result<Answer> {
        self.request.clear();
        write!(
            self.request,
            "POST /v1/records?wait=commit HTTP/1.1\r\nhost: localhost\r\n\
             content-type: application/octet-stream\r\ncontent-length: {}\r\n\r\n",
            record.len()
        )?;
        self.request.extend_from_slice(record);
        self.stream.get_mut().write_all(&self.request)?;
        let head = self.line()?;
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
        let status = status.ok_or_else(|| malformed(&head))?;
        let mut length = None;
        loop {
            let line = self.line()?;
            if line.is_empty() {
                break;
            }
            if let Some((name, value)) = line.split_once(':')
                && name.eq_ignore_ascii_case("content-length")
            {
                length = value.trim().parse::<u64>().ok();
            }
        }
        let length = length.filter(|length| *length <= MAX_ANSWER_BYTES);
        let length = length.ok_or_else(|| malformed("no content-length that can be used"))?;
        let mut body = String::new();
        self.stream.by_ref().take(length).read_to_string(&mut body)?;
        Ok(Answer { status, body })
    }

    fn line(&mut self) -> io::Result<String> {
        let mut line = String::new();
        self.stream.by_ref().take(MAX_ANSWER_BYTES).read_line(&mut line)?;
        match line.strip_suffix("\r\n") {
            Some(line) => Ok(line.to_owned()),
            None => Err(malformed(&line)),
        }
    }
}

fn malformed(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("this is no HTTP answer: {what:?}"))
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::thread;

    use super::*;

    /// Answers each request on one connection with the next of `answers`; returns what came.
    fn server(answers: Vec<&'static str>) -> (u16, thread::JoinHandle<Vec<u8>>) {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let serve = move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut came = Vec::new();
            for answer in answers {
                let mut buffer = [0; 1024];
                let count = stream.read(&mut buffer).unwrap();
                came.extend_from_slice(&buffer[..count]);
                stream.write_all(answer.as_bytes()).unwrap();
            }
            came
        };
        (port, thread::spawn(serve))
    }

    #[test]
    fn answers_are_told_apart_on_one_connection() {
        let (port, server) = server(vec![
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\ndate: x\r\n\r\n{}",
            "HTTP/1.1 409 Conflict\r\ncontent-length: 3\r\n\r\nno.",
        ]);
        let mut connection = Connection::open(port).unwrap();
        let first = connection.submit(b"abc").unwrap();
        assert_eq!(first, Answer { status: 200, body: "{}".to_owned() });
        let second = connection.submit(b"defg").unwrap();
        assert_eq!(second, Answer { status: 409, body: "no.".to_owned() });
        let came = String::from_utf8(server.join().unwrap()).unwrap();
        assert!(came.contains("content-length: 3\r\n\r\nabcPOST"), "{came}");
        assert!(came.ends_with("content-length: 4\r\n\r\ndefg"), "{came}");
    }

    #[test]
    fn what_is_no_answer_is_an_error() {
        for answer in ["", "nonsense\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n{}"] {
            let (port, server) = server(vec![answer]);
            let mut connection = Connection::open(port).unwrap();
            assert!(connection.submit(b"abc").is_err(), "{answer:?}");
            server.join().unwrap();
        }
    }
}

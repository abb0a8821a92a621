//! A connection of the client process: one request after another, on one thread with all the others.
//! Holds: an answer is read whole; nothing of it is copied or parsed but its status and its entry.
//! May not enter: measuring. Plain HTTP/1.1 by hand: it shares the machine with the nodes it measures.

use std::io::{self, Write as _};
use std::net::Ipv4Addr;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// Longest answer that is read, head and body (bytes): a listing of a thousand entries.
const MAX_ANSWER_BYTES: usize = 16 * 1024 * 1024;
const END_OF_HEAD: &[u8] = b"\r\n\r\n";

/// A connection to a node on this machine.
#[derive(Debug)]
pub(super) struct Link {
    stream: TcpStream,
    request: Vec<u8>,
    answer: Vec<u8>,
}

/// What a node answered.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Answer<'a> {
    /// The HTTP status.
    pub(super) status: u16,
    /// The body.
    pub(super) body: &'a [u8],
}

impl Answer<'_> {
    /// The entry of the log that the body names, if any.
    pub(super) fn entry(&self) -> Option<u64> {
        let after = after(self.body, b"\"index\":")?;
        let digits = after.iter().take_while(|byte| byte.is_ascii_digit()).count();
        std::str::from_utf8(&after[..digits]).ok()?.parse().ok()
    }

    /// The body as text, for a person.
    pub(super) fn text(&self) -> String {
        format!("status {}: {}", self.status, String::from_utf8_lossy(self.body).trim())
    }
}

impl Link {
    /// Connects. Errors: nobody listens.
    pub(super) async fn open(port: u16) -> io::Result<Link> {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?;
        stream.set_nodelay(true)?;
        Ok(Link { stream, request: Vec::new(), answer: Vec::new() })
    }

    /// Submits a record and waits for the answer, which comes when it is committed. Errors: the
    /// connection failed, or what came is no HTTP answer.
    pub(super) async fn submit(&mut self, record: &[u8]) -> io::Result<Answer<'_>> {
        self.request.clear();
        write!(
            self.request,
            "POST /v1/records?wait=commit HTTP/1.1\r\nhost: localhost\r\n\
             content-type: application/octet-stream\r\ncontent-length: {}\r\n\r\n",
            record.len()
        )?;
        self.request.extend_from_slice(record);
        self.answered().await
    }

    /// Asks for a path. Errors: the connection failed, or what came is no HTTP answer.
    pub(super) async fn ask(&mut self, path: &str) -> io::Result<Answer<'_>> {
        self.request.clear();
        write!(self.request, "GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n")?;
        self.answered().await
    }

    /// Sends the request, and reads the answer.
    async fn answered(&mut self) -> io::Result<Answer<'_>> {
        self.stream.write_all(&self.request).await?;
        self.answer.clear();
        let (status, body, end) = loop {
            if self.stream.read_buf(&mut self.answer).await? == 0 {
                return Err(malformed("the node closed the connection"));
            }
            match framed(&self.answer)? {
                Some(found) if found.2 <= self.answer.len() => break found,
                Some((_, _, end)) => self.answer.reserve(end - self.answer.len()),
                None if self.answer.len() > MAX_ANSWER_BYTES => {
                    return Err(malformed("the answer is too long"));
                }
                None => {}
            }
        };
        Ok(Answer { status, body: &self.answer[body..end] })
    }
}

/// Status, and where the body begins and ends; `None` while the head is not all there. Errors: it is
/// no head of an answer, or says no length.
fn framed(bytes: &[u8]) -> io::Result<Option<(u16, usize, usize)>> {
    let Some(rest) = after(bytes, END_OF_HEAD) else { return Ok(None) };
    let begin = bytes.len() - rest.len();
    let head = String::from_utf8_lossy(&bytes[..begin]);
    let mut lines = head.split("\r\n");
    let status =
        lines.next().and_then(|line| line.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok());
    let status = status.ok_or_else(|| malformed(&head))?;
    let length = lines.filter_map(|line| line.split_once(':')).find_map(|(name, value)| {
        let is_it = name.eq_ignore_ascii_case("content-length");
        value.trim().parse::<usize>().ok().filter(|length| is_it && *length <= MAX_ANSWER_BYTES)
    });
    let length = length.ok_or_else(|| malformed("no content-length that can be used"))?;
    Ok(Some((status, begin, begin + length)))
}

/// What follows the first occurrence of `mark`.
fn after<'a>(bytes: &'a [u8], mark: &[u8]) -> Option<&'a [u8]> {
    let at = bytes.windows(mark.len()).position(|window| window == mark)?;
    Some(&bytes[at + mark.len()..])
}

fn malformed(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("this is no HTTP answer: {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_whole_when_its_body_is() {
        let whole = b"HTTP/1.1 200 OK\r\nContent-Length: 14\r\ndate: x\r\n\r\n{\"index\":1234}";
        for cut in 0..whole.len() {
            let found = framed(&whole[..cut]).unwrap();
            assert!(found.is_none_or(|(_, _, end)| end > cut), "{cut}: {found:?}");
        }
        let (status, begin, end) = framed(whole).unwrap().unwrap();
        let answer = Answer { status, body: &whole[begin..end] };
        assert_eq!((answer.status, answer.entry()), (200, Some(1234)));
    }

    #[test]
    fn what_is_no_answer_is_an_error() {
        for answer in ["nonsense\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n{}", "HTTP/1.1 x\r\n\r\n"] {
            assert!(framed(answer.as_bytes()).is_err(), "{answer:?}");
        }
        let no_entry = Answer { status: 202, body: b"{\"status\":\"pending\"}" };
        assert_eq!(no_entry.entry(), None);
    }
}

//! Clients of the API that ask slowly, or do not end.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpStream};

use super::PROMISED;
use crate::harness::consortium::Consortium;
use crate::harness::wait;

/// Connections that are opened.
const SLOW: usize = 200;

#[test]
fn clients_that_never_end_their_request_are_dropped_and_others_are_served() {
    let consortium = Consortium::start(1);
    let api = consortium.nodes[0].api;
    let begin = |number: usize| {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, api.port)).unwrap();
        let words: &[u8] = match number % 3 {
            0 => b"",
            1 => b"GET /v1/status HTTP/1.1\r\nhost: loc",
            _ => b"POST /v1/records HTTP/1.1\r\nhost: localhost\r\ncontent-length: 500\r\n\r\nabc",
        };
        stream.write_all(words).unwrap();
        stream.set_nonblocking(true).unwrap();
        stream
    };
    let mut slow: Vec<TcpStream> = (0..SLOW).map(begin).collect();
    assert_eq!(api.get("/v1/status").status, 200, "others are served");
    wait::within(PROMISED, "all slow clients to be dropped", || {
        assert_eq!(api.get("/healthz").status, 200);
        slow.retain_mut(|stream| {
            let mut bytes = [0; 4096];
            loop {
                match stream.read(&mut bytes) {
                    Ok(0) => return false,
                    // An answer: that the body took too long.
                    Ok(_) => {}
                    Err(error) => return error.kind() == ErrorKind::WouldBlock,
                }
            }
        });
        if slow.is_empty() { Ok(()) } else { Err(format!("{} are left", slow.len())) }
    });
}

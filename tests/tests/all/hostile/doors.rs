//! Strangers at a node's door: connections that say nothing, or nonsense.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::Instant;

use super::{PROMISED, pace, resident_kib, tell};
use crate::harness::consortium::Consortium;
use crate::harness::wait;

/// Connections of the stranger.
const CROWD: usize = 300;

/// A connection to a node.
fn connect(port: u16) -> TcpStream {
    let stream = TcpStream::connect(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).unwrap();
    stream.set_nonblocking(true).unwrap();
    stream
}

/// Whether the other side has closed a connection.
fn is_closed(stream: &mut TcpStream) -> bool {
    let mut bytes = [0; 4096];
    loop {
        match stream.read(&mut bytes) {
            Ok(0) => return true,
            Ok(_) => {}
            Err(error) => return error.kind() != std::io::ErrorKind::WouldBlock,
        }
    }
}

#[test]
fn silent_and_senseless_connections_are_dropped_while_the_members_go_on() {
    let consortium = Consortium::start(3);
    let victim = &consortium.nodes[0];
    let before = pace(&consortium, |elapsed| elapsed.as_secs() >= 2);
    let memory = resident_kib(victim);
    let mut crowd: Vec<TcpStream> = (0..CROWD).map(|_| connect(victim.port)).collect();
    for (number, stream) in crowd.iter_mut().enumerate() {
        // A third say nothing, a third nonsense, a third begin as one who belongs here.
        let words: &[u8] = match number % 3 {
            0 => b"",
            1 => &[0xFF; 2048],
            _ => b"\x13/multistream/1.0.0\n\x07/noise\n",
        };
        // It may be closed already.
        let _ = stream.write_all(words);
    }
    let mut most = memory;
    let during = pace(&consortium, |elapsed| {
        most = most.max(resident_kib(victim));
        elapsed.as_secs() >= 2
    });
    tell("300 connections without a handshake", before, during, (memory, most));
    wait::within(PROMISED, "all of the crowd to be dropped", || {
        let left = crowd.iter_mut().filter_map(|s| (!is_closed(s)).then_some(())).count();
        if left == 0 { Ok(()) } else { Err(format!("{left} are left")) }
    });
    assert!(most - memory < 64 * 1024, "from {memory} to {most} KiB");
    consortium.same_tip(&[0, 1, 2], 1);
}

#[test]
fn member_comes_back_while_a_crowd_stands_at_the_doors() {
    let mut consortium = Consortium::start(4);
    consortium.nodes[3].kill();
    let ports: Vec<u16> = consortium.nodes[..3].iter().map(|node| node.port).collect();
    let mut crowd: Vec<(u16, TcpStream)> =
        ports.iter().flat_map(|port| (0..100).map(|_| (*port, connect(*port)))).collect();
    let began = Instant::now();
    consortium.nodes[3].start();
    consortium.nodes[3].until("to be ready in spite of the crowd", |api| {
        // Whoever is dropped comes again at once.
        for (port, stream) in &mut crowd {
            if is_closed(stream) {
                *stream = connect(*port);
            }
        }
        let answer = api.ask("GET /readyz", &[], b"").map_err(|error| error.to_string())?;
        if answer.status == 200 { Ok(()) } else { Err(answer.text()) }
    });
    assert!(began.elapsed() < PROMISED, "{:?}", began.elapsed());
}

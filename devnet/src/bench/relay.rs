//! The links between nodes, as a process of its own: passes on what one node sends another, later.
//! Holds: every byte is held for the delay, not less, and not longer than the timer needs; order is kept;
//! nothing is dropped, and what is under way is bounded only by memory, so that no throughput is lost.
//! May not enter: what nodes say to one another, which is encrypted; measuring of nodes.

use std::cell::Cell;
use std::ffi::OsString;
use std::net::Ipv4Addr;
use std::process::ExitCode;
use std::rc::Rc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::spawn_local;
use tokio::time::Instant;

use crate::failure::DevnetError;

use super::apart::{self, input, say, say_result};

/// Most that is read at once (bytes).
const CHUNK_BYTES: usize = 256 * 1024;
/// What the process says when it listens everywhere.
pub(super) const LISTENING: &str = "listening";

/// What the process is to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Links {
    /// How long every byte is held, on its way to a node and on its way back.
    pub(super) delay: Duration,
    /// Where to listen, and which port to pass that on to.
    pub(super) ports: Vec<(u16, u16)>,
}

/// What it has passed on, as it answers each line that it is sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Passed {
    /// Pieces, each as it was read (count).
    pub(super) pieces: u64,
    /// How long all of them together were held, until they were written (seconds).
    pub(super) held_s: f64,
    /// Connections that were made (count).
    pub(super) connections: u64,
}

/// The process: its one argument is the file of its [`Links`]. It ends when its input does.
pub(crate) fn main(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    apart::main(args, carried_out)
}

/// Relays until the input ends. Errors: a port is taken.
async fn carried_out(links: Links) -> Result<(), DevnetError> {
    let failed = |source| DevnetError::Process { operation: "relay".to_owned(), source };
    let passed = Rc::new(Cell::new(Passed::default()));
    for (port, to) in &links.ports {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).await.map_err(failed)?;
        spawn_local(listen(listener, *to, links.delay, passed.clone()));
    }
    say(LISTENING)?;
    let mut lines = input();
    while lines.recv().await.is_some() {
        say_result(&passed.get())?;
    }
    Ok(())
}

async fn listen(listener: TcpListener, to: u16, delay: Duration, passed: Rc<Cell<Passed>>) {
    while let Ok((caller, _)) = listener.accept().await {
        let passed = passed.clone();
        spawn_local(async move {
            // A node that is not there is noticed by the caller when its connection ends.
            let Ok(called) = TcpStream::connect((Ipv4Addr::LOCALHOST, to)).await else { return };
            if caller.set_nodelay(true).and(called.set_nodelay(true)).is_err() {
                return;
            }
            passed.set(Passed { connections: passed.get().connections + 1, ..passed.get() });
            let ((from_caller, to_caller), (from_called, to_called)) =
                (caller.into_split(), called.into_split());
            pass(from_caller, to_called, delay, passed.clone());
            pass(from_called, to_caller, delay, passed);
        });
    }
}

/// Passes on one direction of a connection, its end included.
fn pass(from: OwnedReadHalf, to: OwnedWriteHalf, delay: Duration, passed: Rc<Cell<Passed>>) {
    let (send, receive) = mpsc::unbounded_channel();
    spawn_local(read(from, send));
    spawn_local(write(to, receive, delay, passed));
}

type Piece = (Instant, Vec<u8>);

async fn read(mut from: OwnedReadHalf, send: mpsc::UnboundedSender<Piece>) {
    let mut bytes = vec![0; CHUNK_BYTES];
    while let Ok(count @ 1..) = from.read(&mut bytes).await {
        if send.send((Instant::now(), bytes[..count].to_vec())).is_err() {
            return;
        }
    }
}

async fn write(
    mut to: OwnedWriteHalf,
    mut receive: mpsc::UnboundedReceiver<Piece>,
    delay: Duration,
    passed: Rc<Cell<Passed>>,
) {
    while let Some((came, bytes)) = receive.recv().await {
        let due = came + delay;
        if due > Instant::now() {
            tokio::time::sleep_until(due).await;
        }
        if to.write_all(&bytes).await.is_err() {
            return;
        }
        let before = passed.get();
        passed.set(Passed {
            pieces: before.pieces + 1,
            held_s: before.held_s + came.elapsed().as_secs_f64(),
            ..before
        });
    }
    // The other end learns that nothing more comes; an error means that it is gone.
    let _ = to.shutdown().await;
}

#[cfg(test)]
mod tests {
    use tokio::task::LocalSet;

    use super::*;

    /// Sends what it is sent back, on one connection.
    async fn echo(listener: TcpListener) {
        let (mut stream, _) = listener.accept().await.unwrap();
        let (mut from, mut to) = stream.split();
        tokio::io::copy(&mut from, &mut to).await.unwrap();
    }

    #[test]
    fn bytes_arrive_in_order_after_the_delay_each_way_however_many_they_are() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        LocalSet::new().block_on(&runtime, async {
            let delay = Duration::from_millis(50);
            let bind = || TcpListener::bind((Ipv4Addr::LOCALHOST, 0));
            let (called, door) = (bind().await.unwrap(), bind().await.unwrap());
            let (to, port) =
                (called.local_addr().unwrap().port(), door.local_addr().unwrap().port());
            spawn_local(echo(called));
            let passed = Rc::new(Cell::new(Passed::default()));
            spawn_local(listen(door, to, delay, passed.clone()));
            let began = Instant::now();
            let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.unwrap();
            // Far more than is read at once, or than a socket holds.
            let sent: Vec<u8> = (0..4_000_000u32).map(|n| n.to_le_bytes()[0]).collect();
            let (mut from, mut into) = stream.split();
            let writing = async {
                into.write_all(&sent).await.unwrap();
                into.shutdown().await.unwrap();
            };
            let mut came = Vec::new();
            let reading = from.read_to_end(&mut came);
            let ((), read) = tokio::join!(writing, reading);
            assert_eq!((read.unwrap(), came == sent), (sent.len(), true));
            assert!(began.elapsed() >= 2 * delay);
            let Passed { pieces, held_s, connections } = passed.get();
            assert!(connections == 1 && pieces >= 2, "{pieces} {connections}");
            assert!(held_s / pieces as f64 >= delay.as_secs_f64(), "{held_s} {pieces}");
        });
    }
}

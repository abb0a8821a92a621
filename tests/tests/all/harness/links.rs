//! Cables between nodes: every connection from one node to another goes through here, where it is
//! delayed, slowed, held back or torn, each direction by itself.
//! Holds: bytes arrive whole and in order, or not at all; what is held back arrives when the cable
//! is whole again, unless its sender gave the connection up meanwhile; the same seed gives the same delays.
//! May not enter: what nodes say to each other.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread;
use std::time::{Duration, Instant};

use super::node::Node;
use super::ports::free_port;

/// Most that is read at once (bytes).
const CHUNK_BYTES: usize = 16 * 1024;
/// Chunks that may be under way in one direction of a connection (count).
const CHUNKS: usize = 64;
/// How often a direction that is held back looks whether its connection still stands.
const LOOK: Duration = Duration::from_millis(100);
/// Stack of a thread that passes bytes on (bytes).
const STACK_BYTES: usize = 64 * 1024;

/// How bytes go.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Quality {
    /// How long they take (ms), give or take [`Quality::spread_ms`].
    pub(crate) delay_ms: u64,
    /// By how much the delay varies (ms).
    pub(crate) spread_ms: u64,
    /// How many pass in a second (bytes); `None` for as many as come.
    pub(crate) bytes_per_second: Option<u64>,
}

/// All cables between some nodes.
pub(crate) struct Links {
    lanes: BTreeMap<(usize, usize), Arc<Lane>>,
}

/// One direction between two nodes, whoever of them connected.
struct Lane {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug)]
struct State {
    quality: Quality,
    is_cut: bool,
    /// Grows each time that all connections are torn.
    torn: u64,
}

/// What is under way.
struct Chunk {
    due: Instant,
    bytes: Vec<u8>,
}

impl Links {
    /// Lays cables between all of `nodes`, which do not run yet: each will call the others through
    /// them.
    pub(crate) fn lay(nodes: &[Node], quality: Quality, seed: u64) -> Links {
        let pairs = || (0..nodes.len()).flat_map(|a| (0..nodes.len()).map(move |b| (a, b)));
        let lane = || {
            let state = State { quality, is_cut: false, torn: 0 };
            Arc::new(Lane { state: Mutex::new(state), changed: Condvar::new() })
        };
        let lanes: BTreeMap<_, _> = pairs().map(|pair| (pair, lane())).collect();
        for (number, node) in nodes.iter().enumerate() {
            let mut config = fs::read_to_string(node.file("config.toml")).unwrap();
            for (other, called) in nodes.iter().enumerate().filter(|(other, _)| *other != number) {
                let (there, back) = (&lanes[&(number, other)], &lanes[&(other, number)]);
                let chance = Chance(seed ^ ((number as u64) << 32) ^ ((other as u64) << 16));
                let port = listen(called.port, [there.clone(), back.clone()], chance);
                let (direct, through) =
                    (format!("/tcp/{}\"", called.port), format!("/tcp/{port}\""));
                config = config.replace(&direct, &through);
            }
            fs::write(node.file("config.toml"), config).unwrap();
        }
        Links { lanes }
    }

    /// Holds back all that goes from a node of the first to one of the second.
    pub(crate) fn cut_one_way(&self, from: &[usize], to: &[usize]) {
        self.change(from, to, |state| state.is_cut = true);
    }

    /// Holds back all that goes between a node of the first and one of the second.
    pub(crate) fn cut(&self, one: &[usize], other: &[usize]) {
        self.cut_one_way(one, other);
        self.cut_one_way(other, one);
    }

    /// What goes between a node of the first and one of the second is held back no longer.
    pub(crate) fn mend(&self, one: &[usize], other: &[usize]) {
        self.change(one, other, |state| state.is_cut = false);
        self.change(other, one, |state| state.is_cut = false);
    }

    /// Ends all connections between nodes of the first and the second, as a machine between does
    /// that is started anew. New ones can be made at once.
    pub(crate) fn tear(&self, one: &[usize], other: &[usize]) {
        self.change(one, other, |state| state.torn += 1);
        self.change(other, one, |state| state.torn += 1);
    }

    /// Nothing is held back any more.
    pub(crate) fn heal(&self) {
        for lane in self.lanes.values() {
            lane.change(|state| state.is_cut = false);
        }
    }

    /// Changes how bytes go between nodes of the first and the second.
    pub(crate) fn set(&self, one: &[usize], other: &[usize], quality: Quality) {
        self.change(one, other, |state| state.quality = quality);
        self.change(other, one, |state| state.quality = quality);
    }

    fn change(&self, from: &[usize], to: &[usize], change: impl Fn(&mut State)) {
        for pair in from.iter().flat_map(|from| to.iter().map(move |to| (*from, *to))) {
            self.lanes[&pair].change(&change);
        }
    }
}

impl Lane {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    fn change(&self, change: impl Fn(&mut State)) {
        change(&mut self.state());
        self.changed.notify_all();
    }

    /// Waits until a chunk may arrive; false when its connection was torn meanwhile, or given up by
    /// its sender while nothing passed.
    fn wait(&self, due: Instant, torn: u64, given_up: &AtomicBool) -> bool {
        let mut state = self.state();
        loop {
            if state.torn != torn || state.is_cut && given_up.load(Ordering::Relaxed) {
                return false;
            }
            let left = due.saturating_duration_since(Instant::now());
            if !state.is_cut && left.is_zero() {
                return true;
            }
            let pause = if state.is_cut { LOOK } else { left };
            state = self.changed.wait_timeout(state, pause).unwrap().0;
        }
    }
}

impl Lane {
    /// The end of a connection does not pass either, where nothing does.
    fn wait_until_whole(&self, torn: u64) {
        let mut state = self.state();
        while state.is_cut && state.torn == torn {
            state = self.changed.wait_timeout(state, LOOK).unwrap().0;
        }
    }
}

/// Listens for one node's calls of another; returns where.
fn listen(called: u16, lanes: [Arc<Lane>; 2], mut chance: Chance) -> u16 {
    let port = free_port();
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).unwrap();
    spawn(move || {
        for caller in listener.incoming().map_while(Result::ok) {
            let (lanes, chance) = (lanes.clone(), Chance(chance.next()));
            // Beside the next call: the node that is called may be slow, or not there.
            spawn(move || {
                if let Ok(answering) = TcpStream::connect((Ipv4Addr::LOCALHOST, called)) {
                    join(&caller, &answering, lanes, chance);
                }
            });
        }
    });
    port
}

fn join(caller: &TcpStream, answering: &TcpStream, lanes: [Arc<Lane>; 2], mut chance: Chance) {
    let clone = |stream: &TcpStream| stream.try_clone().unwrap();
    for stream in [caller, answering] {
        stream.set_nodelay(true).unwrap();
    }
    let [there, back] = lanes;
    pass(clone(caller), clone(answering), there, Chance(chance.next()));
    pass(clone(answering), clone(caller), back, Chance(chance.next()));
}

/// Passes on what comes from one end to the other.
fn pass(from: TcpStream, to: TcpStream, lane: Arc<Lane>, chance: Chance) {
    let (send, receive) = sync_channel(CHUNKS);
    let torn = lane.state().torn;
    let (reading, ending) = (lane.clone(), from.try_clone().unwrap());
    let given_up = Arc::new(AtomicBool::new(false));
    let giving_up = given_up.clone();
    spawn(move || {
        read(from, &reading, &send, chance);
        giving_up.store(true, Ordering::Relaxed);
    });
    spawn(move || {
        write(&to, &lane, &receive, (torn, &given_up));
        // Both ends learn of it, and whoever reads here ends.
        for stream in [&to, &ending] {
            let _ = stream.shutdown(Shutdown::Both);
        }
    });
}

fn read(mut from: TcpStream, lane: &Lane, send: &SyncSender<Chunk>, mut chance: Chance) {
    let (mut bytes, mut last) = (vec![0; CHUNK_BYTES], Instant::now());
    while let Ok(count @ 1..) = from.read(&mut bytes) {
        let quality = lane.state().quality;
        let spread = chance.next() % (2 * quality.spread_ms + 1);
        let delay = Duration::from_millis(quality.delay_ms + spread - quality.spread_ms);
        let mut due = last.max(Instant::now() + delay);
        if let Some(rate) = quality.bytes_per_second {
            due += Duration::from_millis(count as u64 * 1000 / rate);
        }
        last = due;
        if send.send(Chunk { due, bytes: bytes[..count].to_vec() }).is_err() {
            return;
        }
    }
}

fn write(
    mut to: &TcpStream,
    lane: &Lane,
    receive: &Receiver<Chunk>,
    (torn, given_up): (u64, &AtomicBool),
) {
    while let Ok(chunk) = receive.recv() {
        if !lane.wait(chunk.due, torn, given_up) || to.write_all(&chunk.bytes).is_err() {
            break;
        }
    }
    lane.wait_until_whole(torn);
}

fn spawn(body: impl FnOnce() + Send + 'static) {
    thread::Builder::new().stack_size(STACK_BYTES).spawn(body).unwrap();
}

/// Numbers from a seed (SplitMix64).
pub(crate) struct Chance(pub(crate) u64);

impl Chance {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
}

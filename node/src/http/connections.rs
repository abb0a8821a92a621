//! The API's connections: how many at once, how long a client may take to ask and to read.
//! Holds: a client that asks slowly, reads slowly or never, holds its place for a bounded time; when all
//! places are taken, others wait to be accepted.
//! May not enter: what is asked.

use std::future::Future;
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, Sleep};

use super::limits::REQUESTS;

/// Connections at once (count): room for all requests, and for clients that are about to ask.
const CONNECTIONS: usize = REQUESTS + 256;
/// How long the head of a request may take, from the connection or the last answer on. Longer than
/// clients keep connections that they do not use.
const HEAD_TIMEOUT: Duration = Duration::from_secs(20);
/// How long a client may take none of the bytes that wait for it.
const READ_TIMEOUT: Duration = Duration::from_secs(30);
/// Longest head of a request (bytes), and most of a body that waits unread.
const BUFFER_BYTES: usize = 64 * 1024;
/// How long to wait where the system has no room for a connection (file descriptors).
const NO_ROOM_PAUSE: Duration = Duration::from_millis(200);

/// Serves connections until `stop` ends and what is under way then is answered.
pub(super) async fn serve(listener: TcpListener, router: Router, stop: impl Future<Output = ()>) {
    let room = Arc::new(Semaphore::new(CONNECTIONS));
    let (closing, closes) = watch::channel(false);
    let mut connections = JoinSet::new();
    let mut stop = pin!(stop);
    loop {
        let next = async {
            // The semaphore is never closed.
            let place = Arc::clone(&room).acquire_owned().await.ok();
            (listener.accept().await, place)
        };
        tokio::select! {
            () = stop.as_mut() => break,
            (accepted, place) = next => match accepted {
                Ok((stream, _)) => {
                    let (router, closes) = (router.clone(), closes.clone());
                    connections.spawn(async move {
                        let _place = place;
                        converse(stream, router, closes).await;
                    });
                }
                Err(error) => {
                    tracing::debug!(%error, "a connection to the API was not accepted");
                    tokio::time::sleep(NO_ROOM_PAUSE).await;
                }
            },
            Some(_) = connections.join_next() => {}
        }
    }
    closing.send_replace(true);
    while connections.join_next().await.is_some() {}
}

/// One connection, request after request.
async fn converse(stream: TcpStream, router: Router, mut closes: watch::Receiver<bool>) {
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .max_buf_size(BUFFER_BYTES)
        .serve_connection(
            TokioIo::new(Impatient { stream, stalled: None }),
            TowerToHyperService::new(router),
        );
    let mut connection = pin!(connection);
    // The sender outlives all connections.
    let closing = async { drop(closes.wait_for(|closing| *closing).await) };
    let ended = tokio::select! {
        ended = connection.as_mut() => Some(ended),
        () = closing => None,
    };
    let ended = match ended {
        Some(ended) => ended,
        None => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection to the API broke off");
    }
}

/// A stream whose other side must read.
struct Impatient {
    stream: TcpStream,
    /// Runs out when the other side has read nothing for too long.
    stalled: Option<Pin<Box<Sleep>>>,
}

impl Impatient {
    /// Bounds how long a write may be pending.
    fn watch<T>(
        &mut self,
        cx: &mut Context<'_>,
        written: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.stalled = None;
            return written;
        }
        let begin = || Box::pin(tokio::time::sleep_until(Instant::now() + READ_TIMEOUT));
        ready!(self.stalled.get_or_insert_with(begin).as_mut().poll(cx));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl AsyncRead for Impatient {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Impatient {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.watch(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, parts);
        self.watch(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(cx);
        self.watch(cx, flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

//! Connections that count their bytes.
//! Holds: every byte that the system took or gave is counted once, ciphertext and handshakes included;
//! nothing else changes.
//! May not enter: headers of TCP and IP, which the process never sees.

use std::io::{self, IoSlice, IoSliceMut};
use std::pin::Pin;
use std::task::{Context, Poll};

use futures::{AsyncRead, AsyncWrite};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;

/// Bytes that went each way over all connections with peers since the start.
#[derive(Clone, Debug)]
pub(crate) struct Traffic {
    /// Both, for a registry.
    pub(crate) by_direction: Family<[(&'static str, &'static str); 1], Counter>,
    /// Kept apart from the family, so that no label is looked up where bytes pass.
    received: Counter,
    sent: Counter,
}

impl Default for Traffic {
    fn default() -> Traffic {
        let by_direction = Family::<_, Counter>::default();
        let of = |direction| by_direction.get_or_create(&[("direction", direction)]).clone();
        let (received, sent) = (of("in"), of("out"));
        Traffic { by_direction, received, sent }
    }
}

/// A connection whose bytes are counted.
#[derive(Debug)]
pub(crate) struct Counted<S> {
    stream: S,
    traffic: Traffic,
}

impl<S> Counted<S> {
    /// A connection whose bytes `traffic` counts from now on.
    pub(crate) fn new(stream: S, traffic: Traffic) -> Counted<S> {
        Counted { stream, traffic }
    }
}

/// What was moved, counted.
fn moved(counter: &Counter, done: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
    if let Poll::Ready(Ok(count)) = &done {
        counter.inc_by(*count as u64);
    }
    done
}

impl<S: AsyncRead + Unpin> AsyncRead for Counted<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let done = Pin::new(&mut self.stream).poll_read(cx, buffer);
        moved(&self.traffic.received, done)
    }

    fn poll_read_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &mut [IoSliceMut<'_>],
    ) -> Poll<io::Result<usize>> {
        let done = Pin::new(&mut self.stream).poll_read_vectored(cx, parts);
        moved(&self.traffic.received, done)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Counted<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let done = Pin::new(&mut self.stream).poll_write(cx, bytes);
        moved(&self.traffic.sent, done)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let done = Pin::new(&mut self.stream).poll_write_vectored(cx, parts);
        moved(&self.traffic.sent, done)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_close(cx)
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use futures::io::Cursor;

    use super::*;

    #[test]
    fn bytes_are_counted_as_often_as_they_were_moved() {
        let traffic = Traffic::default();
        let mut stream = Counted::new(Cursor::new(vec![7; 10]), traffic.clone());
        let mut context = Context::from_waker(Waker::noop());
        let mut buffer = [0; 6];
        for expected in [6, 4, 0] {
            let read = Pin::new(&mut stream).poll_read(&mut context, &mut buffer);
            assert!(matches!(read, Poll::Ready(Ok(count)) if count == expected), "{read:?}");
        }
        let written = Pin::new(&mut stream).poll_write(&mut context, &[1; 3]);
        assert!(matches!(written, Poll::Ready(Ok(3))), "{written:?}");
        assert_eq!((traffic.received.get(), traffic.sent.get()), (10, 3));
    }
}

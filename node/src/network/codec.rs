//! Requests and responses on a stream: a length of four bytes, little-endian, then the message.
//! Holds: a length over the limit is refused before anything is read or set aside for it.
//! May not enter: the meaning of messages. Source: docs/formats.md, "Network".
//!
//! A request that cannot be read is a value here, not an error: libp2p keeps errors of reading a request to
//! itself, and so would nobody learn who sends such.

use std::io;

use comity_core::encoding::DecodeError;
use comity_replica::message::{MAX_REQUEST_BYTES, MAX_RESPONSE_BYTES, Request, Response};
use futures::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use libp2p::StreamProtocol;
use libp2p::request_response::Codec;

/// The protocol's name, as streams negotiate it.
pub(crate) const RPC_PROTOCOL: StreamProtocol = StreamProtocol::new("/comity/rpc/1");

/// What is set aside for a message before its bytes arrive (bytes): a length alone costs a peer
/// nothing, so it buys no more.
const FIRST_BYTES: usize = 64 * 1024;

/// A request that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unreadable {
    /// Its length is over the limit; nothing more of it was read.
    #[error("a message of {length_bytes} bytes, but at most {limit_bytes} are allowed")]
    TooLong { length_bytes: usize, limit_bytes: usize },
    /// The stream ended within it.
    #[error("the stream ended before the message did")]
    CutShort,
    /// Its bytes are none.
    #[error("the bytes are no message")]
    Malformed(#[source] DecodeError),
}

impl From<Unreadable> for io::Error {
    fn from(unreadable: Unreadable) -> io::Error {
        let kind = match unreadable {
            Unreadable::CutShort => io::ErrorKind::UnexpectedEof,
            Unreadable::TooLong { .. } | Unreadable::Malformed(_) => io::ErrorKind::InvalidData,
        };
        io::Error::new(kind, unreadable)
    }
}

/// Reads and writes the messages of one stream.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct RpcCodec;

impl Codec for RpcCodec {
    type Protocol = StreamProtocol;
    type Request = Result<Request, Unreadable>;
    type Response = Response;

    async fn read_request<T>(&mut self, _: &StreamProtocol, io: &mut T) -> io::Result<Self::Request>
    where
        T: AsyncRead + Unpin + Send,
    {
        let bytes = read_frame(io, MAX_REQUEST_BYTES).await;
        Ok(bytes.and_then(|bytes| Request::from_bytes(&bytes).map_err(Unreadable::Malformed)))
    }

    async fn read_response<T>(&mut self, _: &StreamProtocol, io: &mut T) -> io::Result<Response>
    where
        T: AsyncRead + Unpin + Send,
    {
        let bytes = read_frame(io, MAX_RESPONSE_BYTES).await?;
        Ok(Response::from_bytes(&bytes).map_err(Unreadable::Malformed)?)
    }

    async fn write_request<T>(
        &mut self,
        _: &StreamProtocol,
        io: &mut T,
        request: Self::Request,
    ) -> io::Result<()>
    where
        T: AsyncWrite + Unpin + Send,
    {
        write_frame(io, &request?.to_bytes(), MAX_REQUEST_BYTES).await
    }

    async fn write_response<T>(
        &mut self,
        _: &StreamProtocol,
        io: &mut T,
        response: Response,
    ) -> io::Result<()>
    where
        T: AsyncWrite + Unpin + Send,
    {
        write_frame(io, &response.to_bytes(), MAX_RESPONSE_BYTES).await
    }
}

async fn read_frame<T>(io: &mut T, limit_bytes: usize) -> Result<Vec<u8>, Unreadable>
where
    T: AsyncRead + Unpin + Send,
{
    // Whatever goes wrong with the connection itself ends it, and what was read with it.
    let cut = |_: io::Error| Unreadable::CutShort;
    let mut length = [0; 4];
    io.read_exact(&mut length).await.map_err(cut)?;
    let length_bytes = u32::from_le_bytes(length) as usize;
    if length_bytes > limit_bytes {
        return Err(Unreadable::TooLong { length_bytes, limit_bytes });
    }
    let mut bytes = Vec::with_capacity(length_bytes.min(FIRST_BYTES));
    io.take(length_bytes as u64).read_to_end(&mut bytes).await.map_err(cut)?;
    if bytes.len() < length_bytes { Err(Unreadable::CutShort) } else { Ok(bytes) }
}

async fn write_frame<T>(io: &mut T, bytes: &[u8], limit_bytes: usize) -> io::Result<()>
where
    T: AsyncWrite + Unpin + Send,
{
    let length = u32::try_from(bytes.len()).ok().filter(|_| bytes.len() <= limit_bytes);
    let Some(length) = length else {
        // The other side would refuse it: better not to send it.
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "the message is too long"));
    };
    io.write_all(&length.to_le_bytes()).await?;
    io.write_all(bytes).await?;
    io.flush().await
}

#[cfg(test)]
mod tests {
    use super::*;
    use comity_core::ids::Height;
    use futures::executor::block_on;
    use futures::io::Cursor;

    fn request() -> Request {
        Request::Blocks { from: Height(3), max_bytes: 1000 }
    }

    fn framed() -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        block_on(RpcCodec.write_request(&RPC_PROTOCOL, &mut bytes, Ok(request()))).unwrap();
        bytes.into_inner()
    }

    fn read(bytes: &[u8]) -> Result<Request, Unreadable> {
        block_on(RpcCodec.read_request(&RPC_PROTOCOL, &mut Cursor::new(bytes))).unwrap()
    }

    #[test]
    fn message_is_read_as_it_was_written() {
        assert_eq!(read(&framed()).unwrap(), request());
    }

    #[test]
    fn truncated_message_is_refused_wherever_it_ends() {
        let framed = framed();
        for end in 0..framed.len() {
            assert_eq!(read(&framed[..end]), Err(Unreadable::CutShort), "cut at {end}");
        }
    }

    #[test]
    fn length_over_the_limit_is_refused_before_the_bytes_are_read() {
        let over = u32::try_from(MAX_REQUEST_BYTES + 1).unwrap();
        let mut bytes = Cursor::new([&over.to_le_bytes()[..], &[7; 100]].concat());
        let refused = block_on(read_frame(&mut bytes, MAX_REQUEST_BYTES));
        assert!(matches!(refused, Err(Unreadable::TooLong { .. })), "{refused:?}");
        assert_eq!(bytes.position(), 4, "nothing past the length was read");
    }

    #[test]
    fn long_length_alone_sets_little_aside() {
        let bytes = u32::try_from(MAX_RESPONSE_BYTES).unwrap().to_le_bytes();
        let refused = block_on(read_frame(&mut Cursor::new(bytes), MAX_RESPONSE_BYTES));
        assert_eq!(refused, Err(Unreadable::CutShort));
    }

    #[test]
    fn bytes_after_the_message_in_its_frame_are_refused() {
        let mut message = request().to_bytes();
        message.push(0);
        let length = u32::try_from(message.len()).unwrap();
        let refused = read(&[&length.to_le_bytes()[..], &message].concat());
        assert!(matches!(refused, Err(Unreadable::Malformed(_))), "{refused:?}");
    }

    #[test]
    fn message_over_the_limit_is_not_sent() {
        let response = Response::Body(Some(vec![0; MAX_RESPONSE_BYTES]));
        let mut sent = Cursor::new(Vec::new());
        let refused = block_on(RpcCodec.write_response(&RPC_PROTOCOL, &mut sent, response));
        assert_eq!(refused.unwrap_err().kind(), io::ErrorKind::InvalidInput);
        assert!(sent.into_inner().is_empty());
    }
}

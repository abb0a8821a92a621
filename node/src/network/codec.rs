//! Requests and responses on a stream: a length of four bytes, little-endian, then the message.
//! Holds: a length over the limit is refused before anything is read or set aside for it.
//! May not enter: the meaning of messages. Source: docs/formats.md, "Network".

use std::io;

use comity_replica::message::{MAX_REQUEST_BYTES, MAX_RESPONSE_BYTES, Request, Response};
use futures::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use libp2p::StreamProtocol;
use libp2p::request_response::Codec;

/// The protocol's name, as streams negotiate it.
pub(crate) const RPC_PROTOCOL: StreamProtocol = StreamProtocol::new("/comity/rpc/1");

/// What is set aside for a message before its bytes arrive (bytes): a length alone costs a peer
/// nothing, so it buys no more.
const FIRST_BYTES: usize = 64 * 1024;

/// Reads and writes the messages of one stream.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct RpcCodec;

impl Codec for RpcCodec {
    type Protocol = StreamProtocol;
    type Request = Request;
    type Response = Response;

    async fn read_request<T>(&mut self, _: &StreamProtocol, io: &mut T) -> io::Result<Request>
    where
        T: AsyncRead + Unpin + Send,
    {
        let bytes = read_frame(io, MAX_REQUEST_BYTES).await?;
        Request::from_bytes(&bytes).map_err(malformed)
    }

    async fn read_response<T>(&mut self, _: &StreamProtocol, io: &mut T) -> io::Result<Response>
    where
        T: AsyncRead + Unpin + Send,
    {
        let bytes = read_frame(io, MAX_RESPONSE_BYTES).await?;
        Response::from_bytes(&bytes).map_err(malformed)
    }

    async fn write_request<T>(
        &mut self,
        _: &StreamProtocol,
        io: &mut T,
        request: Request,
    ) -> io::Result<()>
    where
        T: AsyncWrite + Unpin + Send,
    {
        write_frame(io, &request.to_bytes(), MAX_REQUEST_BYTES).await
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

async fn read_frame<T>(io: &mut T, limit_bytes: usize) -> io::Result<Vec<u8>>
where
    T: AsyncRead + Unpin + Send,
{
    let mut length = [0; 4];
    io.read_exact(&mut length).await?;
    let length = u32::from_le_bytes(length) as usize;
    if length > limit_bytes {
        let reason = format!("a message of {length} bytes, but at most {limit_bytes} are allowed");
        return Err(io::Error::new(io::ErrorKind::InvalidData, reason));
    }
    let mut bytes = Vec::with_capacity(length.min(FIRST_BYTES));
    io.take(length as u64).read_to_end(&mut bytes).await?;
    if bytes.len() < length {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(bytes)
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

fn malformed(error: comity_core::encoding::DecodeError) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
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
        block_on(RpcCodec.write_request(&RPC_PROTOCOL, &mut bytes, request())).unwrap();
        bytes.into_inner()
    }

    fn read(bytes: &[u8]) -> io::Result<Request> {
        block_on(RpcCodec.read_request(&RPC_PROTOCOL, &mut Cursor::new(bytes)))
    }

    #[test]
    fn message_is_read_as_it_was_written() {
        assert_eq!(read(&framed()).unwrap(), request());
    }

    #[test]
    fn truncated_message_is_refused_wherever_it_ends() {
        let framed = framed();
        for end in 0..framed.len() {
            let refused = read(&framed[..end]).unwrap_err();
            assert_eq!(refused.kind(), io::ErrorKind::UnexpectedEof, "cut at {end}");
        }
    }

    #[test]
    fn length_over_the_limit_is_refused_before_the_bytes_are_read() {
        let over = u32::try_from(MAX_REQUEST_BYTES + 1).unwrap();
        let mut bytes = Cursor::new([&over.to_le_bytes()[..], &[7; 100]].concat());
        let refused = block_on(read_frame(&mut bytes, MAX_REQUEST_BYTES)).unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::InvalidData);
        assert_eq!(bytes.position(), 4, "nothing past the length was read");
    }

    #[test]
    fn long_length_alone_sets_little_aside() {
        let bytes = u32::try_from(MAX_RESPONSE_BYTES).unwrap().to_le_bytes();
        let refused = block_on(read_frame(&mut Cursor::new(bytes), MAX_RESPONSE_BYTES));
        assert_eq!(refused.unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
    }

    #[test]
    fn bytes_after_the_message_in_its_frame_are_refused() {
        let mut message = request().to_bytes();
        message.push(0);
        let length = u32::try_from(message.len()).unwrap();
        let refused = read(&[&length.to_le_bytes()[..], &message].concat()).unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::InvalidData);
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

//! The one canonical encoding of everything that is hashed, signed, stored or sent.
//! Holds: one value has one encoding; what decodes re-encodes to the same bytes.
//! May not enter: any other file naming the codec crate. Source: docs/formats.md, "Encoding".

use std::cell::Cell;

use bincode::config::{Configuration, Fixint, Limit, LittleEndian};
use bincode::enc::EncoderImpl;
use bincode::enc::write::Writer;
use bincode::error::{DecodeError as CodecError, EncodeError};

pub use bincode::{Decode, Encode};

/// Largest allocation (bytes) that decoding may claim, whatever a length prefix says.
pub const MAX_CLAIM_BYTES: usize = 16 * 1024 * 1024;
/// Memory (bytes) that decoding may claim for each byte that there is, before rounding up: several
/// times what the values of any type here take beside their encoding.
const CLAIM_PER_BYTE: usize = 16;

type Config<const CLAIM: usize> = Configuration<LittleEndian, Fixint, Limit<CLAIM>>;

const fn config<const CLAIM: usize>() -> Config<CLAIM> {
    bincode::config::standard().with_fixed_int_encoding().with_limit::<CLAIM>()
}

/// Why bytes are not the canonical encoding of a value of the expected type.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// Longer than the limit that the reader stated for this type.
    #[error("{size} bytes, but at most {limit} are allowed here")]
    Oversized {
        /// Bytes offered.
        size: usize,
        /// Bytes allowed.
        limit: usize,
    },
    /// The bytes end before the value does.
    #[error("the bytes end too early")]
    Truncated,
    /// Bytes are left over after the value.
    #[error("{count} bytes are left over after the value")]
    Trailing {
        /// Bytes left over.
        count: usize,
    },
    /// A second spelling of a value that has exactly one.
    #[error("not the canonical encoding of this value")]
    NotCanonical,
    /// No value of this type has these bytes.
    #[error("malformed: {reason}")]
    Malformed {
        /// What is wrong, in the words of the type that refused.
        reason: String,
    },
}

/// The canonical bytes of `value`. Infallible: every type in this workspace that derives
/// `Encode` is finite and in memory.
pub fn encode<T: Encode>(value: &T) -> Vec<u8> {
    // The codec's own way to a vector encodes twice, the first time only to learn the size.
    let mut written = Written(SCRATCH.take());
    written.0.clear();
    let Written(scratch) = write(value, written);
    let bytes = scratch.as_slice().to_vec();
    if scratch.capacity() <= SCRATCH_BYTES {
        SCRATCH.set(scratch);
    }
    bytes
}

/// Room that a thread keeps for the next value (bytes).
const SCRATCH_BYTES: usize = 64 * 1024;

thread_local! {
    static SCRATCH: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

fn write<T: Encode, W: Writer>(value: &T, writer: W) -> W {
    let mut encoder = EncoderImpl::new(writer, config::<MAX_CLAIM_BYTES>());
    match value.encode(&mut encoder) {
        Ok(()) => encoder.into_writer(),
        Err(error) => unreachable!("an in-memory value always encodes: {error}"),
    }
}

/// What was written.
struct Written(Vec<u8>);

impl Writer for Written {
    fn write(&mut self, bytes: &[u8]) -> Result<(), EncodeError> {
        self.0.extend_from_slice(bytes);
        Ok(())
    }
}

/// What is written, compared with what is expected: `None` once they differ.
struct Compared<'a>(Option<&'a [u8]>);

impl Writer for Compared<'_> {
    fn write(&mut self, bytes: &[u8]) -> Result<(), EncodeError> {
        self.0 = self.0.and_then(|expected| expected.strip_prefix(bytes));
        Ok(())
    }
}

/// Whether `bytes` are the canonical encoding of `value`.
fn is_encoding_of<T: Encode>(value: &T, bytes: &[u8]) -> bool {
    write(value, Compared(Some(bytes))).0.is_some_and(<[u8]>::is_empty)
}

/// Decodes exactly one value from all of `bytes`, of which there may be at most `limit`.
/// Errors: every way in which `bytes` is not the one encoding of one value.
pub fn decode<T: Encode + Decode<()>>(bytes: &[u8], limit: usize) -> Result<T, DecodeError> {
    if bytes.len() > limit {
        return Err(DecodeError::Oversized { size: bytes.len(), limit });
    }
    let (value, consumed): (T, usize) = read(bytes).map_err(explain)?;
    if consumed < bytes.len() {
        return Err(DecodeError::Trailing { count: bytes.len() - consumed });
    }
    if !is_encoding_of(&value, bytes) {
        return Err(DecodeError::NotCanonical);
    }
    Ok(value)
}

/// Decodes what this software encoded itself, such as a value of the state: its bytes are canonical
/// as they are, and are not compared with a second encoding. Errors: the bytes are not one value's.
pub fn decode_own<T: Decode<()>>(bytes: &[u8]) -> Result<T, DecodeError> {
    let (value, consumed) = read(bytes).map_err(explain)?;
    match bytes.len() - consumed {
        0 => Ok(value),
        count => Err(DecodeError::Trailing { count }),
    }
}

/// Reads a value from the front of `bytes`. What may be claimed grows with them, in steps: a few
/// bytes that announce many must not make a reader set memory aside.
fn read<T: Decode<()>>(bytes: &[u8]) -> Result<(T, usize), CodecError> {
    const SMALL: usize = 16 * 1024;
    const MIDDLE: usize = 256 * 1024;
    const LARGE: usize = 4 * 1024 * 1024;
    let claim = bytes.len().saturating_mul(CLAIM_PER_BYTE);
    if claim <= SMALL {
        bincode::decode_from_slice(bytes, config::<SMALL>())
    } else if claim <= MIDDLE {
        bincode::decode_from_slice(bytes, config::<MIDDLE>())
    } else if claim <= LARGE {
        bincode::decode_from_slice(bytes, config::<LARGE>())
    } else {
        bincode::decode_from_slice(bytes, config::<MAX_CLAIM_BYTES>())
    }
}

fn explain(error: CodecError) -> DecodeError {
    match error {
        CodecError::UnexpectedEnd { .. } | CodecError::LimitExceeded => DecodeError::Truncated,
        CodecError::OtherString(reason) => DecodeError::Malformed { reason },
        CodecError::Utf8 { .. } => DecodeError::Malformed { reason: "text is not UTF-8".into() },
        CodecError::UnexpectedVariant { type_name, found, .. } => DecodeError::Malformed {
            reason: format!("{found} is not a known kind of {}", short_name(type_name)),
        },
        other => DecodeError::Malformed { reason: other.to_string() },
    }
}

fn short_name(type_name: &str) -> &str {
    type_name.rsplit("::").next().unwrap_or(type_name)
}

/// Encodes a checked newtype as its inner value, and decodes it through the `TryFrom` that checks
/// it, so that no decoded value can be one that its constructor refuses.
macro_rules! checked_codec {
    ($outer:ident as $inner:ty) => {
        checked_codec!(@impl [] [__C] ['__de, __C] $outer, $inner);
    };
    ($outer:ident<const $n:ident> as $inner:ty) => {
        checked_codec!(
            @impl [const $n: usize] [__C, const $n: usize] ['__de, __C, const $n: usize]
            $outer<$n>, $inner
        );
    };
    (@impl [$($encode:tt)*] [$($decode:tt)*] [$($borrow:tt)*] $outer:ty, $inner:ty) => {
        impl<$($encode)*> bincode::Encode for $outer {
            fn encode<E: bincode::enc::Encoder>(
                &self,
                encoder: &mut E,
            ) -> Result<(), bincode::error::EncodeError> {
                bincode::Encode::encode(&self.0, encoder)
            }
        }
        impl<$($decode)*> bincode::Decode<__C> for $outer {
            fn decode<D: bincode::de::Decoder<Context = __C>>(
                decoder: &mut D,
            ) -> Result<Self, bincode::error::DecodeError> {
                let inner = <$inner as bincode::Decode<__C>>::decode(decoder)?;
                <$outer>::try_from(inner)
                    .map_err(|error| bincode::error::DecodeError::OtherString(error.to_string()))
            }
        }
        impl<$($borrow)*> bincode::BorrowDecode<'__de, __C> for $outer {
            fn borrow_decode<D: bincode::de::BorrowDecoder<'__de, Context = __C>>(
                decoder: &mut D,
            ) -> Result<Self, bincode::error::DecodeError> {
                bincode::Decode::decode(decoder)
            }
        }
    };
}
pub(crate) use checked_codec;

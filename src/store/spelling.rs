//! Whether bytes are what this code would have written. The decoder is less strict: a number may be padded, a set may be out
//! of order. Whoever finds such bytes has found bytes that something else has made, or broken.

use postcard::ser_flavors::Flavor;
use postcard::{Error, Result, serialize_with_flavor};
use serde::Serialize;

/// Whether `value`, written, is `bytes`. Nothing is written for it.
pub(super) fn is<T: Serialize>(value: &T, bytes: &[u8]) -> bool {
    serialize_with_flavor(value, Rest(bytes)).is_ok_and(<[u8]>::is_empty)
}

/// What has not been compared yet.
struct Rest<'a>(&'a [u8]);

impl<'a> Flavor for Rest<'a> {
    type Output = &'a [u8];

    fn try_push(&mut self, byte: u8) -> Result<()> {
        self.try_extend(&[byte])
    }

    fn try_extend(&mut self, bytes: &[u8]) -> Result<()> {
        self.0 = self.0.strip_prefix(bytes).ok_or(Error::SerdeSerCustom)?;
        Ok(())
    }

    fn finalize(self) -> Result<&'a [u8]> {
        Ok(self.0)
    }
}

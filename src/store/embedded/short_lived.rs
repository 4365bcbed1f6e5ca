//! What may be done to short-lived things.

use std::time::Duration;

use redb::ReadableTable as _;

use super::fault::Fault;
use super::layout::{Frame, KEY_LEN};
use super::tables::Tables;

impl Tables<'_> {
    /// `false`: something is kept under this key. What has expired is not, swept or not.
    pub(super) fn once(&mut self, key: &[u8; KEY_LEN], value: &[u8], ttl: Duration) -> Result<bool, Fault> {
        if let Some(row) = self.short_lived.get(key)?
            && Frame::split(row.value())?.0.kept_until > self.now
        {
            return Ok(false);
        }
        let frame = Frame { kept_until: self.now.plus(ttl), list: None };
        self.short_lived.insert(key, frame.around(value).as_slice())?;
        self.changed = true;
        Ok(true)
    }

    pub(super) fn take(&mut self, key: &[u8; KEY_LEN]) -> Result<Option<Vec<u8>>, Fault> {
        let value = match self.short_lived.get(key)? {
            Some(row) => {
                let (frame, value) = Frame::split(row.value())?;
                (frame.kept_until > self.now).then(|| value.to_vec())
            }
            None => None,
        };
        if value.is_some() {
            self.short_lived.remove(key)?;
            self.changed = true;
        }
        Ok(value)
    }

    /// Removes those of these short-lived things that have expired; how many they were.
    pub(super) fn sweep_short_lived(&mut self, keys: &[[u8; KEY_LEN]]) -> Result<usize, Fault> {
        let mut swept = 0;
        for key in keys {
            if Frame::is_due(self.short_lived.get(key)?.as_ref().map(redb::AccessGuard::value), self.now) {
                self.short_lived.remove(key)?;
                swept += 1;
            }
        }
        self.changed |= swept > 0;
        Ok(swept)
    }
}

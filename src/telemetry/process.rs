//! What the operating system says of this process.

/// Bytes of memory that are resident, where the system tells (Linux).
pub(super) fn resident_bytes() -> Option<u64> {
    // Not `statm`: that counts in pages, and asking for their size takes a system call that std does not have.
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let kibibytes: u64 =
        status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?.split_whitespace().next()?.parse().ok()?;
    Some(kibibytes * 1024)
}

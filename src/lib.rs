//! Atropos.

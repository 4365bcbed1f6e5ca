//! Servers with a fault in their code, for the long forms to find out.

use atropos_proof::mutants;

#[test]
fn every_fault_can_still_be_sown_into_the_code() {
    mutants::fit().unwrap_or_else(|error| panic!("{error:#}"));
}

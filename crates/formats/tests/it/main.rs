//! Behaviour of the readers, seen from outside.

mod cve5;
mod json_records;
mod nvd;
mod osv;
mod shared_vuln;

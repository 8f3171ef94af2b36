//! What is judged of packages, given entries of records; each module is about one question.

mod kernels;
mod kin_names;
mod series;
mod support;
mod vouching;

//! What is judged of packages, given entries of records; each module is about one question.

mod kernels;
mod series;
mod support;

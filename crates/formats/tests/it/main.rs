//! Behaviour of the readers, seen from outside.

mod support;

mod apkbuild;
mod container;
mod epss;
mod kev;
mod secdb;

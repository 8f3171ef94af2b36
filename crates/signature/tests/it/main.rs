//! What signatures of real releases, and of such as were made to be wrong, are judged to be.

mod openpgp;
mod shared_data;

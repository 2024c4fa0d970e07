//! A real guest of two to three megabytes, as it is published.

extern crate photon_rs;

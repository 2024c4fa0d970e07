//! A guest of many megabytes: published crates with all that they export, and two functions to measure recovery by.

extern crate grex;
extern crate photon_rs;

use fast_qr::convert::image::ImageBuilder;
use fast_qr::QRBuilder;
use wasm_bindgen::prelude::*;

/// Keeps the renderer.
#[wasm_bindgen]
pub fn qr_png(content: &str, width: u32) -> Option<Vec<u8>> {
    let code = QRBuilder::new(content).build().ok()?;
    ImageBuilder::default().fit_width(width).to_bytes(&code).ok()
}

#[wasm_bindgen]
pub fn add(a: i32, b: i32) -> i32 {
    workload::add(a, b)
}

#[wasm_bindgen]
pub fn die() {
    std::process::abort()
}

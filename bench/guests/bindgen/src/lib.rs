//! The workload as a wasm-bindgen guest: for our bindings, and for upstream's on Node.

use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    fn callback(number: i32) -> i32;
}

#[wasm_bindgen]
pub fn add(a: i32, b: i32) -> i32 {
    workload::add(a, b)
}

#[wasm_bindgen]
pub fn greet(name: &str) -> String {
    workload::greet(name)
}

#[wasm_bindgen]
pub fn sum(values: &[f64]) -> f64 {
    workload::sum(values)
}

#[wasm_bindgen]
pub fn fill(count: usize) -> Vec<f64> {
    workload::fill(count)
}

#[wasm_bindgen]
pub fn apply(count: u32) -> i32 {
    workload::apply(count, callback)
}

#[wasm_bindgen]
pub fn checked(number: i32) -> Result<i32, JsError> {
    workload::checked(number).map_err(|text| JsError::new(&text))
}

#[wasm_bindgen]
pub fn spin(rounds: u32) -> u32 {
    workload::spin(rounds)
}

#[wasm_bindgen]
pub fn boom(number: i32) -> i32 {
    workload::boom(number)
}

#[wasm_bindgen]
pub fn die() {
    std::process::abort()
}

#[wasm_bindgen]
pub struct Counter(workload::Counter);

#[wasm_bindgen]
impl Counter {
    #[wasm_bindgen(constructor)]
    pub fn new(start: u32) -> Counter {
        Counter(workload::Counter::new(start))
    }

    pub fn increment(&mut self) -> u32 {
        self.0.increment()
    }
}

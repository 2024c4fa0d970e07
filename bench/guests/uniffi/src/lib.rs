//! The workload behind UniFFI.

use std::sync::{Arc, Mutex};

uniffi::setup_scaffolding!();

#[derive(Debug, thiserror::Error, uniffi::Error)]
#[uniffi(flat_error)]
pub enum Failure {
    #[error("{0}")]
    Negative(String),
}

#[uniffi::export(with_foreign)]
pub trait Callback: Send + Sync {
    fn call(&self, number: i32) -> i32;
}

#[uniffi::export]
pub fn quiet() {
    std::panic::set_hook(Box::new(|_| ()));
}

#[uniffi::export]
pub fn add(a: i32, b: i32) -> i32 {
    workload::add(a, b)
}

#[uniffi::export]
pub fn greet(name: &str) -> String {
    workload::greet(name)
}

#[uniffi::export]
pub fn sum(values: Vec<f64>) -> f64 {
    workload::sum(&values)
}

/// The only way to hand a buffer over: as bytes.
#[uniffi::export]
pub fn sum_bytes(bytes: Vec<u8>) -> f64 {
    let values: Vec<f64> = bytes.chunks_exact(8).map(|word| f64::from_le_bytes(word.try_into().unwrap())).collect();
    workload::sum(&values)
}

#[uniffi::export]
pub fn fill_bytes(count: u64) -> Vec<u8> {
    let values = workload::fill(count as usize);
    unsafe { std::slice::from_raw_parts(values.as_ptr().cast::<u8>(), values.len() * 8) }.to_vec()
}

#[uniffi::export]
pub fn apply(count: u32, callback: Arc<dyn Callback>) -> i32 {
    workload::apply(count, |number| callback.call(number))
}

#[uniffi::export]
pub fn checked(number: i32) -> Result<i32, Failure> {
    workload::checked(number).map_err(Failure::Negative)
}

#[uniffi::export]
pub fn boom(number: i32) -> i32 {
    workload::boom(number)
}

#[derive(uniffi::Object)]
pub struct Counter(Mutex<workload::Counter>);

#[uniffi::export]
impl Counter {
    #[uniffi::constructor]
    pub fn new(start: u32) -> Self {
        Counter(Mutex::new(workload::Counter::new(start)))
    }

    pub fn increment(&self) -> u32 {
        self.0.lock().unwrap().increment()
    }
}

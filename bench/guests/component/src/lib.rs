//! The workload as a component.

use std::cell::RefCell;

wit_bindgen::generate!({ world: "workload", path: "wit" });

struct Workload;
struct Counter(RefCell<::workload::Counter>);

export!(Workload);

impl Guest for Workload {
    fn add(a: i32, b: i32) -> i32 {
        ::workload::add(a, b)
    }

    fn greet(name: String) -> String {
        ::workload::greet(&name)
    }

    fn sum(values: Vec<f64>) -> f64 {
        ::workload::sum(&values)
    }

    fn fill(count: u32) -> Vec<f64> {
        ::workload::fill(count as usize)
    }

    fn apply(count: u32) -> i32 {
        ::workload::apply(count, callback)
    }

    fn checked(number: i32) -> Result<i32, String> {
        ::workload::checked(number)
    }

    fn boom(number: i32) -> i32 {
        ::workload::boom(number)
    }
}

impl exports::counters::Guest for Workload {
    type Counter = Counter;
}

impl exports::counters::GuestCounter for Counter {
    fn new(start: u32) -> Self {
        Counter(RefCell::new(::workload::Counter::new(start)))
    }

    fn increment(&self) -> u32 {
        self.0.borrow_mut().increment()
    }
}

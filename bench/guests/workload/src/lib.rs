//! What every peer is asked to do. Only the way in and out differs.

pub fn add(a: i32, b: i32) -> i32 {
    a.wrapping_add(b)
}

pub fn greet(name: &str) -> String {
    ["Hello, ", name, "!"].concat()
}

pub fn sum(values: &[f64]) -> f64 {
    values.iter().sum()
}

pub fn fill(count: usize) -> Vec<f64> {
    (0..count).map(|index| index as f64).collect()
}

pub fn apply(count: u32, call: impl Fn(i32) -> i32) -> i32 {
    (0..count as i32).fold(0, |total, index| total.wrapping_add(call(index)))
}

pub fn checked(number: i32) -> Result<i32, String> {
    if number < 0 {
        return Err(format!("negative: {number}"));
    }
    Ok(number.wrapping_mul(2))
}

/// Work for a processor and nothing else.
pub fn spin(rounds: u32) -> u32 {
    (0..rounds).fold(1, |state, round| state.wrapping_mul(1_664_525).wrapping_add(round ^ (state >> 16)))
}

pub fn boom(number: i32) -> i32 {
    // Something to be dropped on the way out.
    let held = vec![number; 8];
    if number < 0 {
        panic!("boom {number}");
    }
    held[0]
}

pub struct Counter(u32);

impl Counter {
    pub fn new(start: u32) -> Self {
        Self(start)
    }

    pub fn increment(&mut self) -> u32 {
        self.0 = self.0.wrapping_add(1);
        self.0
    }
}

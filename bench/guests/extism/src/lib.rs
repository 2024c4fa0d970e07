//! The workload as an Extism plug-in: bytes in, bytes out.

use extism_pdk::*;
use std::cell::RefCell;

// A number goes as it is; what `#[host_fn]` makes of one is the address of a copy.
#[link(wasm_import_module = "extism:host/user")]
extern "C" {
    fn callback(number: i64) -> i64;
}

thread_local! {
    static COUNTERS: RefCell<Vec<Option<workload::Counter>>> = const { RefCell::new(Vec::new()) };
}

fn words(input: &[u8]) -> Vec<i32> {
    input.chunks_exact(4).map(|word| i32::from_le_bytes(word.try_into().unwrap())).collect()
}

#[plugin_fn]
pub fn add(input: Vec<u8>) -> FnResult<Vec<u8>> {
    let words = words(&input);
    Ok(workload::add(words[0], words[1]).to_le_bytes().to_vec())
}

#[plugin_fn]
pub fn greet(name: String) -> FnResult<String> {
    Ok(workload::greet(&name))
}

#[plugin_fn]
pub fn sum(input: Vec<u8>) -> FnResult<Vec<u8>> {
    let values: Vec<f64> = input.chunks_exact(8).map(|word| f64::from_le_bytes(word.try_into().unwrap())).collect();
    Ok(workload::sum(&values).to_le_bytes().to_vec())
}

#[plugin_fn]
pub fn fill(input: Vec<u8>) -> FnResult<Vec<u8>> {
    let values = workload::fill(words(&input)[0] as usize);
    let bytes = unsafe { std::slice::from_raw_parts(values.as_ptr().cast::<u8>(), values.len() * 8) };
    Ok(bytes.to_vec())
}

#[plugin_fn]
pub fn apply(input: Vec<u8>) -> FnResult<Vec<u8>> {
    let total = workload::apply(words(&input)[0] as u32, |number| unsafe { callback(number.into()) } as i32);
    Ok(total.to_le_bytes().to_vec())
}

#[plugin_fn]
pub fn checked(input: Vec<u8>) -> FnResult<Vec<u8>> {
    match workload::checked(words(&input)[0]) {
        Ok(number) => Ok(number.to_le_bytes().to_vec()),
        Err(text) => Err(WithReturnCode::new(Error::msg(text), 1)),
    }
}

#[plugin_fn]
pub fn boom(input: Vec<u8>) -> FnResult<Vec<u8>> {
    Ok(workload::boom(words(&input)[0]).to_le_bytes().to_vec())
}

#[plugin_fn]
pub fn counter_new(input: Vec<u8>) -> FnResult<Vec<u8>> {
    let counter = workload::Counter::new(words(&input)[0] as u32);
    COUNTERS.with_borrow_mut(|all| {
        let free = all.iter().position(Option::is_none).unwrap_or(all.len());
        if free == all.len() {
            all.push(None);
        }
        all[free] = Some(counter);
        Ok((free as i32).to_le_bytes().to_vec())
    })
}

#[plugin_fn]
pub fn counter_increment(input: Vec<u8>) -> FnResult<Vec<u8>> {
    COUNTERS.with_borrow_mut(|all| {
        let counter = all[words(&input)[0] as usize].as_mut().unwrap();
        Ok(counter.increment().to_le_bytes().to_vec())
    })
}

#[plugin_fn]
pub fn counter_drop(input: Vec<u8>) -> FnResult<()> {
    COUNTERS.with_borrow_mut(|all| all[words(&input)[0] as usize] = None);
    Ok(())
}

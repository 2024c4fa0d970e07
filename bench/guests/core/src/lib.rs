//! The workload as a core module: words in, words out, and memory that its host allocates and frees.

use std::panic::catch_unwind;

#[link(wasm_import_module = "env")]
extern "C" {
    fn callback(number: i32) -> i32;
}

/// Where a result of two words is left: address and length in bytes.
static mut RESULT: [usize; 2] = [0; 2];

fn leave<T>(values: Vec<T>) -> *const usize {
    let values = values.into_boxed_slice();
    let bytes = std::mem::size_of_val(&*values);
    unsafe {
        RESULT = [Box::into_raw(values).cast::<T>() as usize, bytes];
        &raw const RESULT as *const usize
    }
}

fn layout(bytes: usize) -> std::alloc::Layout {
    std::alloc::Layout::from_size_align(bytes, 8).unwrap()
}

#[no_mangle]
pub extern "C" fn allocate(bytes: usize) -> *mut u8 {
    unsafe { std::alloc::alloc(layout(bytes)) }
}

#[no_mangle]
pub unsafe extern "C" fn release(address: *mut u8, bytes: usize) {
    std::alloc::dealloc(address, layout(bytes))
}

#[no_mangle]
pub extern "C" fn add(a: i32, b: i32) -> i32 {
    workload::add(a, b)
}

#[no_mangle]
pub unsafe extern "C" fn greet(address: *const u8, bytes: usize) -> *const usize {
    let name = std::str::from_utf8(std::slice::from_raw_parts(address, bytes)).unwrap();
    leave(workload::greet(name).into_bytes())
}

#[no_mangle]
pub unsafe extern "C" fn sum(address: *const f64, count: usize) -> f64 {
    workload::sum(std::slice::from_raw_parts(address, count))
}

#[no_mangle]
pub extern "C" fn fill(count: usize) -> *const usize {
    leave(workload::fill(count))
}

#[no_mangle]
pub extern "C" fn apply(count: u32) -> i32 {
    workload::apply(count, |number| unsafe { callback(number) })
}

/// 0, or the address of an error's text as `greet` leaves its own.
#[no_mangle]
pub extern "C" fn checked(number: i32) -> *const usize {
    match workload::checked(number) {
        Ok(_) => std::ptr::null(),
        Err(text) => leave(text.into_bytes()),
    }
}

/// 0, or the address of the panic's message, as above.
#[no_mangle]
pub extern "C" fn boom(number: i32) -> *const usize {
    match catch_unwind(|| workload::boom(number)) {
        Ok(_) => std::ptr::null(),
        Err(payload) => leave(payload.downcast_ref::<String>().cloned().unwrap_or_default().into_bytes()),
    }
}

#[no_mangle]
pub extern "C" fn spin(rounds: u32) -> u32 {
    workload::spin(rounds)
}

#[no_mangle]
pub extern "C" fn die() {
    std::process::abort()
}

#[no_mangle]
pub extern "C" fn counter_new(start: u32) -> *mut workload::Counter {
    Box::into_raw(Box::new(workload::Counter::new(start)))
}

#[no_mangle]
pub unsafe extern "C" fn counter_increment(counter: *mut workload::Counter) -> u32 {
    (*counter).increment()
}

#[no_mangle]
pub unsafe extern "C" fn counter_drop(counter: *mut workload::Counter) {
    drop(Box::from_raw(counter))
}

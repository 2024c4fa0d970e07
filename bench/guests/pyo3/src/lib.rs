//! The workload as an extension module of CPython.

use pyo3::buffer::PyBuffer;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

#[pyfunction]
fn add(a: i32, b: i32) -> i32 {
    workload::add(a, b)
}

#[pyfunction]
fn greet(name: &str) -> String {
    workload::greet(name)
}

#[pyfunction]
fn sum(py: Python<'_>, values: PyBuffer<f64>) -> PyResult<f64> {
    let cells = values.as_slice(py).ok_or_else(|| PyValueError::new_err("not contiguous"))?;
    // Nothing writes while the GIL is held.
    Ok(workload::sum(unsafe { std::slice::from_raw_parts(cells.as_ptr().cast::<f64>(), cells.len()) }))
}

#[pyfunction]
fn sum_list(values: Vec<f64>) -> f64 {
    workload::sum(&values)
}

/// Into a buffer of Python's: `array('d', …)`.
#[pyfunction]
fn fill<'py>(py: Python<'py>, count: usize) -> PyResult<Bound<'py, PyAny>> {
    let values = workload::fill(count);
    let bytes = unsafe { std::slice::from_raw_parts(values.as_ptr().cast::<u8>(), values.len() * 8) };
    py.import("array")?.getattr("array")?.call1(("d", pyo3::types::PyBytes::new(py, bytes)))
}

#[pyfunction]
fn apply(count: u32, call: &Bound<'_, PyAny>) -> i32 {
    workload::apply(count, |number| call.call1((number,)).unwrap().extract().unwrap())
}

#[pyfunction]
fn checked(number: i32) -> PyResult<i32> {
    workload::checked(number).map_err(PyValueError::new_err)
}

#[pyfunction]
fn boom(number: i32) -> i32 {
    workload::boom(number)
}

#[pyclass]
struct Counter(workload::Counter);

#[pymethods]
impl Counter {
    #[new]
    fn new(start: u32) -> Self {
        Counter(workload::Counter::new(start))
    }

    fn increment(&mut self) -> u32 {
        self.0.increment()
    }
}

#[pymodule]
fn bench_pyo3(module: &Bound<'_, PyModule>) -> PyResult<()> {
    std::panic::set_hook(Box::new(|_| ()));
    module.add_function(wrap_pyfunction!(add, module)?)?;
    module.add_function(wrap_pyfunction!(greet, module)?)?;
    module.add_function(wrap_pyfunction!(sum, module)?)?;
    module.add_function(wrap_pyfunction!(sum_list, module)?)?;
    module.add_function(wrap_pyfunction!(fill, module)?)?;
    module.add_function(wrap_pyfunction!(apply, module)?)?;
    module.add_function(wrap_pyfunction!(checked, module)?)?;
    module.add_function(wrap_pyfunction!(boom, module)?)?;
    module.add_class::<Counter>()
}

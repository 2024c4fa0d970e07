"""Writes the source of a guest with as many members as one asks for: functions, classes, methods, properties, of every common type.

    python -m bench.api 2800 FOLDER

writes a crate there.
"""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

SIZES = (10, 100, 500, 2000, 2800)
"""What a run measures."""

MANIFEST = """\
[workspace]

[package]
name = "api{count}"
version = "0.1.0"
edition = "2021"
publish = false

[lib]
crate-type = ["cdylib"]

[dependencies]
wasm-bindgen = "={upstream}"

[profile.release]
opt-level = 1
lto = false
codegen-units = 16
debug = 0
strip = "none"
"""

HEAD = """\
//! An API of {count} members. Written by bench/api.py.

use wasm_bindgen::prelude::*;

#[wasm_bindgen]
pub fn add(a: i32, b: i32) -> i32 {{
    a.wrapping_add(b)
}}
"""

CLASS = """
/// Class number {0}.
#[wasm_bindgen]
pub struct Class{0} {{
    /// A number.
    pub number: f64,
    label: String,
}}

#[wasm_bindgen]
impl Class{0} {{
    #[wasm_bindgen(constructor)]
    pub fn new(label: String) -> Class{0} {{
        Class{0} {{ number: {0}.5, label }}
    }}
"""

METHODS = (
    """
    /// Adds to the number.
    pub fn method{0}(&mut self, amount: f64) -> f64 {{
        self.number += amount * {0}.0;
        self.number
    }}
""",
    """
    /// Repeats the label.
    pub fn method{0}(&self, times: usize, between: &str) -> String {{
        let parts: Vec<&str> = std::iter::repeat_n(self.label.as_str(), times % {0}).collect();
        parts.join(between)
    }}
""",
    """
    /// Picks from a list.
    pub fn method{0}(&self, values: &[f64], index: Option<u32>) -> Option<f64> {{
        values.get(index.unwrap_or({0}) as usize).map(|value| value + self.number)
    }}
""",
    """
    /// Fails now and then.
    pub fn method{0}(&mut self, text: &str) -> Result<u32, JsError> {{
        let number: u32 = text.parse()?;
        self.number = number.into();
        number.checked_sub({0}).ok_or_else(|| JsError::new("too small"))
    }}
""",
    """
    /// A list of bytes.
    pub fn method{0}(&self, bytes: Vec<u8>) -> Vec<u8> {{
        bytes.iter().map(|byte| byte.rotate_left({0} % 8) ^ self.label.len() as u8).collect()
    }}
""",
)
PER_CLASS = 14
"""Members of one class: constructor, property, and so many methods less two."""

FUNCTION = """
/// Function number {0}.
#[wasm_bindgen]
pub fn function{0}(a: i32, b: i32) -> i32 {{
    a.wrapping_mul({0}).wrapping_add(b)
}}
"""


def source(count: int) -> str:
    """Four fifths of a large API are members of classes; a small one is functions."""
    classes = count * 4 // 5 // PER_CLASS if count >= 100 else 0
    parts, method = [HEAD.format(count=count)], 1
    for number in range(classes):
        parts.append(CLASS.format(number))
        for _ in range(PER_CLASS - 2):
            parts.append(METHODS[method % len(METHODS)].format(method))
            method += 1
        parts.append("}\n")
    parts += [FUNCTION.format(number) for number in range(1, count - classes * PER_CLASS)]
    return "".join(parts)


def write(folder: Path, count: int, upstream: str) -> None:
    """A crate of its own: this is much too long to be kept among the sources."""
    (folder / "src").mkdir(parents=True, exist_ok=True)
    (folder / "Cargo.toml").write_text(MANIFEST.format(count=count, upstream=upstream), encoding="utf-8")
    (folder / "src/lib.rs").write_text(source(count), encoding="utf-8")


def version(count: int) -> str:
    """Changes when what is written does."""
    return hashlib.sha256((MANIFEST + source(count)).encode()).hexdigest()[:12]


if __name__ == "__main__":
    write(Path(sys.argv[2]), int(sys.argv[1]), "0.2.130")

//! `componentize MODULE.wasm COMPONENT.wasm`: what `wasm-tools component new` does, without the rest of it.

use std::{env, error::Error, fs};

fn main() -> Result<(), Box<dyn Error>> {
    let paths: Vec<String> = env::args().skip(1).collect();
    let module = fs::read(&paths[0])?;
    let component = wit_component::ComponentEncoder::default().module(&module)?.validate(true).encode()?;
    fs::write(&paths[1], component)?;
    Ok(())
}

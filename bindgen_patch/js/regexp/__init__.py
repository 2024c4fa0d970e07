"""Regular expressions (ECMA-262 22.2): parsed, then run by Python's engine where that means the same in linear time, else by our own."""

"""Python modules that stand in for those of JavaScript that the suites import: what they export, written anew."""

"""The peers and us, side by side, in one run; see README.md."""

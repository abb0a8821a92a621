"""A second implementation of Comity's formats, for checking the first.

Holds: nothing here was taken from the Rust code; docs/formats.md is its only source.
May not enter: third-party packages; clocks and randomness; speed at the cost of plainness.
"""

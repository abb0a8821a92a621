//! The planted bugs: each is found by the simulator within its stated number of seeds, and nothing
//! is found where none is switched on.

mod found;
mod shipped;

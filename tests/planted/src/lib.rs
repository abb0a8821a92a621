//! Planted bugs: wrong implementations put into copies of core and replica, for the simulator to find.
//! Holds: the sources that ship are never touched, and no planted bug is ever built into what
//! ships: copies, build and programs lie in a directory of their own under the target directory.
//! May not enter: the simulator's own code, which is tested here, not used.
//! Source: docs/decisions/0017-planted-bugs-as-patches.md.

pub mod bug;
pub mod bugs;
pub mod hunt;
pub mod plant;
pub mod workshop;

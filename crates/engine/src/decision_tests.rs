//! Who may decide, which answers fit, and what becomes of them.

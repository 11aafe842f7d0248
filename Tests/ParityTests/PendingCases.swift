// The published cases that nothing computes yet; a kind that is added takes its cases off this
// list.

/// Folders in `Cases`, by exact name, sorted.
let pendingCases: [String] = []

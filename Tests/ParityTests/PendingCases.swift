// The published cases that nothing computes yet; a kind that is added takes its cases off this
// list.

/// Folders in `Cases`, by exact name, sorted.
let pendingCases: [String] = [
  "ada-augment-draws-all",
  "ada-augment-draws-bgc",
  "ada-augment-percentile",
  "ada-p-control",
  "inversion-ranger",
  "inversion-ranger-toy",
  "inversion-train-step",
]

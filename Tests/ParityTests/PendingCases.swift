// The published cases that nothing computes yet; a kind that is added takes its cases off this
// list.

/// Folders in `Cases`, by exact name, sorted.
let pendingCases: [String] = [
  "ada-augment-draws-all",
  "ada-augment-draws-bgc",
  "ada-augment-percentile",
  "ada-p-control",
  "checkpoint-edit",
  "checkpoint-psp",
  "checkpoint-style-transformer",
  "edit-attention-qk-renorm",
  "edit-label-direction",
  "edit-latent-classifier",
  "edit-transformer",
  "inversion-decoder-layer",
  "inversion-image-1024",
  "inversion-image-64",
  "inversion-irse50-taps",
  "inversion-irse50-taps-small",
  "inversion-losses",
  "inversion-psp-gradual-1024",
  "inversion-psp-into-w",
  "inversion-psp-into-wplus",
  "inversion-ranger",
  "inversion-ranger-toy",
  "inversion-style-transformer-1024",
  "inversion-style-transformer-512",
  "inversion-train-step",
  "metrics-from-features",
  "metrics-linear-separability",
  "metrics-ppl",
]

// The processor features that our own operators use.

import CKernels

/// The processor features for which our own operators were compiled that are in use: `AVX512`,
/// `AVX2`, or `plain` for what every processor of its kind can do.
public var kernelFeatureLevel: String { String(cString: ckernels_feature_level()) }

/// Whether the processor multiplies pairs of numbers in bfloat16.
public let isMultipliedInPairs = ckernels_multiplies_pairs()

// What decides a picture beside its code: truncation, class and noise.

import Networks

/// Where the noise of pictures comes from, as a plain choice.
public enum NoiseKind: String, CaseIterable, Codable, Sendable {
  /// The noise stored with the network.
  case const
  /// Fresh noise, drawn from a stream that each picture's own seed starts.
  case random
  /// No noise.
  case none
}

/// What decides a picture beside its seed or code.
public struct PictureSettings: Hashable, Sendable {
  /// How strongly w is pulled towards its mean: 1 not at all, 0 wholly.
  public var truncationPsi = 1.0
  /// Only rows of W+ below this one are truncated; nil for all.
  public var truncationCutoff: Int?
  /// The class, for generators with labels; nil for class 0.
  public var classIndex: Int?
  /// Where the noise comes from.
  public var noise = NoiseKind.const
  /// The layers that get it, counted over those with noise; nil for all.
  public var noiseLayers: Range<Int>?

  /// No truncation, no class, the network's own noise.
  public init() {}

  var truncation: Truncation { Truncation(psi: truncationPsi, cutoff: truncationCutoff) }
}

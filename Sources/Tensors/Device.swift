// Where tensors live.

import CTorch

/// A place that holds tensors and computes with them.
public enum Device: Hashable, Sendable, CustomStringConvertible {
  /// The processor and its memory.
  case cpu
  /// A CUDA accelerator, counted from 0.
  case cuda(Int)
  /// No memory at all: tensors have shapes but no elements, to plan a network before it is built.
  case meta

  /// The device in libtorch's spelling: `cpu`, `cuda`, `cuda:1` or `meta`; nil if the text is none
  /// of these.
  public init?(_ text: String) {
    if text == "cpu" {
      self = .cpu
    } else if text == "meta" {
      self = .meta
    } else if text == "cuda" {
      self = .cuda(0)
    } else if text.hasPrefix("cuda:"), let index = Int(text.dropFirst(5)), index >= 0 {
      self = .cuda(index)
    } else {
      return nil
    }
  }

  /// The device in libtorch's spelling.
  public var description: String {
    switch self {
    case .cpu: "cpu"
    case .meta: "meta"
    case .cuda(let index): "cuda:\(index)"
    }
  }

  /// True if libtorch was built for CUDA and finds an accelerator.
  public static var cudaIsAvailable: Bool { ctorch_cuda_is_available() }
}

// What every checkpoint case asks for: each listed file by itself yields the expected tensors.

import Checkpoints
import Layers
import Tensors

/// A file of a case and the expected tensors that it must hold.
struct CheckpointRead {
  let file: String
  /// Globs over the names of expected tensors.
  let names: [String]
  /// What comes before the names in the file to give the names of the expected tensors.
  let prefix: String
  let precision: Precision

  /// How exactly the file holds the expected numbers.
  enum Precision: String, CaseIterable, JSONReadable {
    case stored
    /// The file holds the expected numbers rounded to float16, some of them perhaps not rounded.
    case float16

    func values(of tensor: Tensor) -> [Double] {
      (self == .float16 ? tensor.cast(to: .float16) : tensor).values(as: Double.self)
    }
  }

  init(_ object: StrictObject) throws(CaseError) {
    file = try object.value("file")
    names = try object.value("tensors")
    prefix = try object.value("add_prefix", default: "")
    precision = try object.value("precision", default: .stored)
  }

  func covers(_ name: String) -> Bool { names.contains { matches(name, glob: $0) } }
}

extension CaseInputs {
  /// Reads every listed file, and checks each against the expected tensors that it must hold.
  ///
  /// - Parameter read: Opens a file, given its path, and gives all of its tensors by name.
  /// - Returns: The tensors, whole where the case holds parts; floating-point ones as float32, others
  ///   as int64.
  /// - Throws: `CaseError` if a file lacks an expected tensor, or holds other numbers than another
  ///   file.
  func readCheckpoints(_ read: (String) throws -> [String: StoredParameter]) throws -> Computed {
    var computed: Computed = [:]
    let reads = try config.objects("reads").map(CheckpointRead.init)
    for entry in reads {
      let tensors = try read("\(folder)/\(entry.file)")
      for name in expectedNames where entry.covers(name) {
        let whole = whole(of: name) ?? name
        guard whole.hasPrefix(entry.prefix),
          let stored = tensors[String(whole.dropFirst(entry.prefix.count))]
        else { throw CaseError("\(entry.file) has no \(whole)") }
        // Of a tensor of which the case holds parts, those are compared like computed ones.
        guard whole == name else {
          guard reads.count == 1 else { throw CaseError("parts of tensors in several files") }
          computed[whole] = try comparable(stored.read())
          continue
        }
        let wanted = try comparable(expected(name))
        let found = try comparable(stored.read(), with: wanted)
        // A file holds what was written into it, bit for bit: checkpoint cases have no tolerance.
        guard found.shape == wanted.shape, found.dtype == wanted.dtype,
          entry.precision.values(of: found) == entry.precision.values(of: wanted)
        else { throw CaseError("\(entry.file): \(name) is not the expected tensor") }
        computed[name] = wanted
      }
    }
    return computed
  }

  /// Floating-point numbers as float32, whole numbers and truths as int64.
  ///
  /// Cases hold bytes, which are pixels, as floating-point numbers.
  private func comparable(_ tensor: Tensor, with wanted: Tensor? = nil) -> Tensor {
    let isPixels = tensor.dtype == .uint8 && wanted?.dtype.isFloatingPoint == true
    return tensor.cast(to: tensor.dtype.isFloatingPoint || isPixels ? .float32 : .int64)
  }
}

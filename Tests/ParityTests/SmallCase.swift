// A case small enough to be written by hand, in a folder that goes away with it.

import Formats
import Foundation
import ParityCases

/// A folder for one test.
final class TemporaryFolder {
  let path: String

  init() throws {
    path = NSTemporaryDirectory() + "parity-tests-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  /// Runs the case in the folder `name`.
  func report(_ name: String) -> ParityReport {
    ParityReport(folder: String("\(path)/\(name)"))
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// Writes a file, making the folders above it.
  func write(_ text: String, to name: String) throws {
    let file = URL(fileURLWithPath: path).appendingPathComponent(name)
    try FileManager.default.createDirectory(
      at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(text.utf8).write(to: file)
  }
}

/// A case whose full tensor `y` is its input `x`, [2, 3]: a linear activation without bias.
struct SmallCase {
  /// The elements of `x`.
  static let x = deterministicFill(name: "x", count: 6, seed: 5, low: -1, high: 1)

  /// More members of the one variant, of the configuration, of the tolerance, of the input, of the
  /// file.
  var variant = "", config = "", overrides = "", input = "", fields = ""
  var system = "StyleGAN2-ADA", kind = "s2_bias_act"
  /// What `expected.safetensors` holds.
  var expected: [String: (shape: [Int], values: [Float])] = ["y": ([2, 3], x)]

  var json: String {
    """
    {"case": "small", "system": "\(system)", "source": "by hand", "seed": 5, "notes": "",
     "config": {"kind": "\(kind)", "shape": [2, 3], "dim": 1, "upstream": "ones"\(config),
      "variants": [{"name": "y", "act": "linear", "bias": false\(variant)}]},
     "tolerance": {"atol": 1e-6, "rtol": 0, "relative_to_max": 0.0, "overrides": {\(overrides)}},
     "parameters": [], "inputs": [{"name": "x", "shape": [2, 3], "low": -1, "high": 1.0\(input)}],
     "expected": [\(expected.keys.map { "\"\($0)\"" }.joined(separator: ", "))]\(fields)}
    """
  }

  /// Writes the case's two files into a folder below `folder`.
  func write(to folder: TemporaryFolder, as name: String = "small") throws {
    try folder.write(json, to: "\(name)/case.json")
    let entries = expected.map { tensor, content in
      Safetensors.Entry(name: tensor, elementType: .float32, shape: content.shape) {
        content.values.withUnsafeBytes { ByteRegion([UInt8]($0), name: tensor) }
      }
    }
    try Safetensors.write(entries, to: "\(folder.path)/\(name)/expected.safetensors")
  }

  /// What is off when the case is run.
  func failures() throws -> [String] {
    let folder = try TemporaryFolder()
    try write(to: folder)
    return folder.report("small").failures
  }
}

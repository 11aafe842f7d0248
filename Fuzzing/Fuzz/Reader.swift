// The readers by name.

import Formats
import Foundation

/// A reader of `Formats`; `make fuzz READER=…` takes these names.
enum Reader: String, CaseIterable {
  case pickle, torch
  case torchScript = "torch-script"
  case scan, zip, tar, safetensors, npy, npz, png, jpeg, webp, labels, attributes, table, lmdb, idx

  /// The reader that the environment variable `READER` names.
  static let chosen: Reader = {
    let name = ProcessInfo.processInfo.environment["READER"] ?? ""
    guard let reader = Reader(rawValue: name) else {
      let known = allCases.map(\.rawValue).joined(separator: ", ")
      fatalError("READER is '\(name)', expected one of \(known)")
    }
    return reader
  }()

  /// Reads the input, and touches all that a caller would touch.
  /// - Throws: `FileError`, which is what most inputs deserve.
  func read(_ input: ByteRegion) throws(FileError) {
    switch self {
    case .pickle: try readPickles(input)
    case .torch: try readTorch(input)
    case .torchScript: try readTorchScript(input)
    case .scan: try readNames(input)
    case .zip: try readZIP(input)
    case .tar: try readTar(input)
    case .safetensors: try readSafetensors(input)
    case .npy: try readNPY(input)
    case .npz: try readNPZ(input)
    case .png: try readPNG(input)
    case .jpeg: try readJPEG(input)
    case .webp: try readWebP(input)
    case .labels: try readLabels(input)
    case .attributes: try readAttributes(input)
    case .table: try readTable(input)
    case .lmdb: try readLMDB(input)
    case .idx: try readIDX(input)
    }
  }
}

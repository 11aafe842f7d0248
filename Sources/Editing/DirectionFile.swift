// Directions in files: our own form, which says for which generator they were found, and those of
// other programs.

import Checkpoints
import Formats
import Foundation
import Layers
import OrderedCollections
public import Tensors

/// The directions of a file.
public struct DirectionFile {
  /// The directions, in the order of the file.
  public var directions: [LatentDirection]
  /// The mean of the codes that they were found among, [wDim], if the file says; places on
  /// directions with deviations are counted from there.
  public var mean: Tensor?
  /// The content hash of the generator that they were found for; nil if the file does not say.
  public var generatorHash: String?
  /// How they were found, in a few words; empty if the file does not say.
  public var method: String
  /// Whether they are the rows of a matrix of which nobody says whether it is one direction of W+.
  public var isPlainMatrix = false

  /// Directions to be written.
  ///
  /// - Parameters:
  ///   - directions: At least one; their vectors have one shape.
  ///   - mean: The mean of the codes that they were found among; nil for nothing to say.
  ///   - generatorHash: The content hash of the generator that they were found for.
  ///   - method: How they were found, in a few words.
  public init(
    _ directions: [LatentDirection], mean: Tensor? = nil, generatorHash: String? = nil,
    method: String = ""
  ) {
    (self.directions, self.mean) = (directions, mean)
    (self.generatorHash, self.method) = (generatorHash, method)
  }

  /// What speaks against taking the directions for codes of a size, on one line; nil for nothing.
  ///
  /// Directions of another size, and those that lead nowhere: zeros.
  ///
  /// - Parameters:
  ///   - numWs: The rows of the generator's W+.
  ///   - wDim: The length of its w.
  /// - Returns: What was expected and what was found.
  public func misfit(numWs: Int, wDim: Int) -> String? {
    if isPlainMatrix, numWs > 1, directions.count == numWs {
      return
        "directions: expected [1, \(numWs), \(wDim)] for one of W+ or [\(numWs), 1, \(wDim)] for "
        + "\(numWs) of w, found [\(numWs), \(wDim)], which could be either"
    }
    for direction in directions {
      let shape = direction.vector.shape
      if shape != [wDim], shape != [numWs, wDim] {
        return "directions: expected [\(wDim)] or [\(numWs), \(wDim)], found \(shape)"
      }
      guard direction.vector.norm().item() > 0 else {
        return "directions: expected lengths above 0, found zeros"
      }
    }
    return nil
  }

  /// Whether a file is one that `write(to:)` wrote, which may be replaced by another.
  ///
  /// - Parameter path: The file.
  /// - Returns: Whether its metadata says so; false for what cannot be read.
  public static func isOwn(_ path: String) -> Bool {
    guard let bytes = try? ByteRegion(mapping: path), let contents = try? Safetensors(bytes) else {
      return false
    }
    return contents.metadata[Key.kind] == fileKind
  }
}

// MARK: - Our own form

/// Keys of the metadata.
private enum Key {
  static let format = "stylist.format"
  static let kind = "stylist.kind"
  static let directions = "stylist.directions"
  static let generatorHash = "stylist.generator_hash"
  static let method = "stylist.method"
}

/// The kind of our own files of directions.
private let fileKind = "directions"

/// The version of the form that this program writes, and the only one that it reads.
private let formatVersion = "1"

/// What the metadata says of one direction.
private struct Record: Codable {
  var name: String
  var deviation: Double?
  /// The first row of W+ and the one after the last.
  var rows: [Int]?
}

/// Bounds on what a file may hold.
private enum Limit {
  static let numbers = 1 << 24
  static let directions = 1 << 12
  static let rows = 1 << 10
}

extension DirectionFile {
  /// Writes the directions as safetensors; the file appears under its name only when it is whole.
  ///
  /// - Parameter path: The file to create or replace.
  /// - Throws: `FileError` if it cannot be written; `EditingError` if the vectors' shapes differ.
  public func write(to path: String) throws {
    guard let shape = directions.first?.vector.shape,
      directions.allSatisfy({ $0.vector.shape == shape })
    else {
      throw EditingError(
        "a file of directions", expected: "directions of one shape",
        found: "\(directions.map(\.vector.shape))")
    }
    let records = directions.map { direction in
      Record(
        name: direction.name, deviation: direction.deviation,
        rows: direction.rows.map { [$0.lowerBound, $0.upperBound] })
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    var metadata = [Key.format: formatVersion, Key.kind: fileKind]
    metadata[Key.directions] = String(decoding: try encoder.encode(records), as: UTF8.self)
    metadata[Key.generatorHash] = generatorHash
    metadata[Key.method] = method.isEmpty ? nil : method
    var tensors = [("vectors", Tensor.stack(directions.map(\.vector)))]
    if let mean { tensors.append(("mean", mean)) }
    try Safetensors.write(
      tensors.map { name, tensor in
        Safetensors.Entry(name: name, StoredParameter(tensor.cast(to: .float32).contiguous()))
      }, metadata: metadata, to: path)
  }

  /// Reads directions of any form that is known, told by the file's content: our own; NumPy's
  /// arrays of InterFaceGAN; torch files with one array, with the principal components that e4e
  /// takes from GANSpace, or with rosinality's factors.
  ///
  /// - Parameter path: The file.
  /// - Throws: `FileError` if it cannot be read, is damaged, or holds something else.
  public init(reading path: String) throws {
    let bytes = try ByteRegion(mapping: path)
    switch FileForm(of: bytes) {
    case .safetensors: try self.init(own: Safetensors(bytes), file: path)
    case .numPy where NPY.recognises(bytes):
      try self.init(rows: NPY(bytes).tensor, file: path, method: "array of NumPy's")
    case .torch: try self.init(torch: bytes)
    default:
      throw FileError(
        .notRecognised, file: path,
        expected: "directions: a safetensors file of Stylist's, a .npy file or a torch file",
        found: FileForm.words(for: bytes))
    }
  }

  private init(own contents: Safetensors, file: String) throws {
    func damaged(_ expected: String, _ found: String) -> FileError {
      FileError(.damaged, file: file, expected: expected, found: found)
    }
    let metadata = contents.metadata
    guard metadata[Key.kind] == fileKind else {
      throw FileError(
        .doesNotFit, file: file, expected: "directions, with \(Key.kind) \(fileKind)",
        found: metadata[Key.kind] ?? "none")
    }
    guard metadata[Key.format] == formatVersion else {
      throw FileError(
        .unsupported, file: file, expected: "directions of \(Key.format) \(formatVersion)",
        found: metadata[Key.format] ?? "none")
    }
    let text = metadata[Key.directions] ?? ""
    guard let records = try? JSONDecoder().decode([Record].self, from: Data(text.utf8)) else {
      throw damaged("\(Key.directions), a list of names", "other text")
    }
    guard let stored = contents.tensors["vectors"] else {
      throw damaged("a tensor called vectors", contents.names.prefix(4).joined(separator: ", "))
    }
    let vectors = try Tensor.direction(stored, ranks: 2...3, file: file)
    guard vectors.size(0) == records.count else {
      throw damaged("\(records.count) directions", "vectors \(vectors.shape)")
    }
    directions = try records.enumerated().map { index, record in
      let rows = try record.rows.map { rows throws(FileError) in
        guard rows.count == 2, 0 <= rows[0], rows[0] < rows[1], rows[1] <= Limit.rows else {
          throw damaged("rows from 0 to \(Limit.rows)", "\(rows)")
        }
        return rows[0]..<rows[1]
      }
      if let deviation = record.deviation, !(deviation > 0 && deviation.isFinite) {
        throw damaged("positive deviations", "\(deviation)")
      }
      return LatentDirection(
        vectors.selected(index, axis: 0), name: record.name, deviation: record.deviation,
        rows: rows)
    }
    mean = try contents.tensors["mean"].map { try Tensor.direction($0, ranks: 1...1, file: file) }
    if let mean, mean.size(0) != vectors.size(-1) {
      throw damaged("a mean [\(vectors.size(-1))]", "\(mean.shape)")
    }
    generatorHash = metadata[Key.generatorHash]
    method = metadata[Key.method] ?? ""
  }
}

// MARK: - Other programs' forms

extension DirectionFile {
  /// Every row of an array [D], [K, D] or [K, 1, D], or every block of one [K, numWs, D].
  private init(rows stored: StoredTensor, file: String, method: String) throws {
    let array = try Tensor.direction(stored, ranks: 1...3, file: file)
    let isOfW = array.rank < 3 || array.size(1) == 1
    let vectors = isOfW ? array.reshaped(-1, array.size(-1)) : array
    self.init(
      (0..<vectors.size(0)).map { LatentDirection(vectors.selected($0, axis: 0)) }, method: method)
    isPlainMatrix = array.rank == 2
  }

  private init(torch bytes: ByteRegion) throws {
    let file = bytes.name
    let archive = try TorchArchive(bytes)
    let source = TorchTensors(storages: archive.storages, file: file)
    if let array = try source.tensor(archive.root) {
      try self.init(rows: array, file: file, method: "array of torch's")
      return
    }
    let state = try TorchState(archive, file: file).tensors
    if let components = state["comp"], let mean = state["mean"], let deviations = state["std"] {
      try self.init(components: components, mean: mean, deviations: deviations, file: file)
    } else if let factors = state["eigvec"] {
      let columns = try Tensor.direction(factors, ranks: 2...2, file: file)
      guard columns.size(1) <= Limit.directions else {
        throw FileError(
          .damaged, file: file, expected: "at most \(Limit.directions) columns in eigvec",
          found: "\(factors.shape)")
      }
      self.init(
        (0..<columns.size(1)).map {
          LatentDirection(columns.selected($0, axis: 1).contiguous(), name: "factor \($0)")
        }, method: "rosinality's factorisation")
    } else {
      let names = state.keys.prefix(8).joined(separator: ", ")
      throw FileError(
        .doesNotFit, file: file,
        expected: "directions: one array, or tensors comp, mean and std, or eigvec",
        found: names.isEmpty ? "no tensors" : names)
    }
  }

  /// Principal components as e4e keeps GANSpace's: `comp` [K, 1, D] or [K, D], `mean`, `std`.
  private init(
    components: StoredTensor, mean: StoredTensor, deviations: StoredTensor, file: String
  ) throws {
    let blocks = try Tensor.direction(components, ranks: 2...3, file: file)
    let vectors = blocks.reshaped(blocks.size(0), -1)
    let centre = try Tensor.direction(mean, ranks: 1...3, file: file).reshaped(-1)
    let spread = try Tensor.direction(deviations, ranks: 1...3, file: file).reshaped(-1)
      .values(as: Double.self)
    guard centre.size(0) == vectors.size(1), spread.count == vectors.size(0),
      spread.allSatisfy({ $0 > 0 })
    else {
      throw FileError(
        .damaged, file: file,
        expected: "mean [\(vectors.size(1))] and \(vectors.size(0)) positive numbers in std",
        found: "\(mean.shape) and \(deviations.shape)")
    }
    self.init(
      spread.enumerated().map { index, deviation in
        LatentDirection(
          vectors.selected(index, axis: 0), name: "component \(index)", deviation: deviation)
      }, mean: centre, method: "GANSpace")
  }
}

extension Tensor {
  /// Reads a tensor of a file of directions as float32.
  fileprivate static func direction(
    _ stored: StoredTensor, ranks: ClosedRange<Int>, file: String
  ) throws(FileError) -> Tensor {
    guard ranks.contains(stored.shape.count), stored.shape.allSatisfy({ $0 > 0 }),
      stored.elementCount <= Limit.numbers,
      stored.shape.count == 1 || stored.shape[0] <= Limit.directions
    else {
      throw FileError(
        .damaged, file: file,
        expected: "at most \(Limit.directions) directions of at most \(Limit.numbers) numbers, in "
          + "\(ranks.lowerBound) to \(ranks.upperBound) axes", found: "\(stored.shape)")
    }
    let tensor = try Tensor.reading(stored)
    let single = tensor.cast(to: .float32)
    guard tensor.dtype.isFloatingPoint, single.isFinite().all else {
      throw FileError(
        .damaged, file: file, expected: "finite numbers of float32",
        found: tensor.dtype.isFloatingPoint ? "others" : "\(tensor.dtype)")
    }
    return single
  }
}

// The three files of MTCNN: torch's, as facenet-pytorch has them, or NumPy's, as the scripts of pSp
// and Style Transformer read them.

import Formats
import Foundation
import Layers
import Networks
import OrderedCollections
import Tensors

extension Checkpoint.Network {
  /// MTCNN from the files of its networks: `pnet`, `rnet` and `onet`, each `.pt` or `.npy`.
  ///
  /// A file is told by its content, whatever its name ends in. Layers may be called as in
  /// facenet-pytorch or as in TreB1eN's InsightFace_Pytorch; with the names goes the order in which
  /// the first matrix behind the convolutions sees the pixels.
  ///
  /// - Parameter folder: The folder that they are in.
  /// - Returns: The network, under the names of facenet-pytorch.
  /// - Throws: `FileError` if a file is missing, cannot be read or holds something else.
  /// - Source: `models/mtcnn.py` of facenet-pytorch; `models/mtcnn/mtcnn_pytorch/src/get_nets.py` of
  ///   pixel2style2pixel.
  public static func mtcnn(folder: String) throws -> Self {
    let network = try reading(detectorFolder: folder)
    try network.check()
    return network
  }

  /// The network with whatever tensors the files have.
  fileprivate static func reading(detectorFolder folder: String) throws(FileError) -> Self {
    var tensors: StoredParameters = [:]
    for part in DetectorPart.all {
      let file = try part.file(in: folder)
      for (name, parameter) in try part.parameters(of: file) {
        tensors["\(part.name).\(name)"] = parameter
      }
    }
    return Self(configuration: MTCNNConfiguration(), tensors: tensors, file: folder)
  }
}

extension Checkpoint {
  /// Reads MTCNN's three files; nil if the path is no folder, or none of the files is in it.
  ///
  /// - Parameter folder: Any path.
  /// - Throws: `FileError` if only some are there, or one cannot be read.
  init?(detectorFolder folder: String) throws(FileError) {
    guard ListedFile.isFolder(folder), DetectorPart.all.contains(where: { $0.isIn(folder) }) else {
      return nil
    }
    form = .detector
    format = form.rawValue
    networks = ["detector": try Network.reading(detectorFolder: folder)]
    otherTensors = [:]
    trainingSet = .null
    notes = NetworkFileNotes()
  }
}

/// One of MTCNN's networks in a file of its own.
private struct DetectorPart {
  /// What the file is called, and what stands before the names of the layers in ours.
  let name: String
  /// The layers whose names differ, TreB1eN's and facenet-pytorch's; the first is the matrix that
  /// sees the pixels.
  let renamed: [(from: String, to: String)]
  /// The channels of the 3 × 3 pixels that this matrix sees.
  let channels: Int

  static let all = [
    DetectorPart(name: "pnet", renamed: [], channels: 0),
    DetectorPart(
      name: "rnet",
      renamed: [("conv4", "dense4"), ("conv5_1", "dense5_1"), ("conv5_2", "dense5_2")],
      channels: 64),
    DetectorPart(
      name: "onet",
      renamed: [
        ("conv5", "dense5"), ("conv6_1", "dense6_1"), ("conv6_2", "dense6_2"),
        ("conv6_3", "dense6_3"),
      ],
      channels: 128),
  ]

  private func candidates(in folder: String) -> [String] {
    let prefix = folder.hasSuffix("/") ? folder : "\(folder)/"
    return ["pt", "npy"].map { "\(prefix)\(name).\($0)" }
  }

  func isIn(_ folder: String) -> Bool {
    candidates(in: folder).contains(where: FileManager.default.fileExists)
  }

  /// The file in a folder.
  func file(in folder: String) throws(FileError) -> String {
    let candidates = candidates(in: folder)
    guard let file = candidates.first(where: FileManager.default.fileExists) else {
      throw FileError(
        .missing, file: candidates[0],
        expected: "a network of MTCNN here, or in \(name).npy", found: "no such file")
    }
    return file
  }

  /// The parameters of a file under facenet-pytorch's names.
  func parameters(of file: String) throws(FileError) -> StoredParameters {
    let bytes = try ByteRegion(mapping: file)
    let tensors =
      NPY.recognises(bytes)
      ? try NPYObject(bytes).tensors()
      : try TorchState(reading: file, expecting: "a network of MTCNN, as .pt or .npy").tensors
    let parameters = try tensors.storedParameters()
    guard parameters["features.conv1.weight"] != nil else { return parameters }
    var found: StoredParameters = [:]
    for (name, parameter) in parameters {
      let own = name.hasPrefix("features.") ? String(name.dropFirst("features.".count)) : name
      let layer = String(own.prefix { $0 != "." })
      let ending = own.dropFirst(layer.count)
      let place = renamed.firstIndex { $0.from == layer }
      let isSeeing = place == 0 && ending == ".weight"
      found[(place.map { renamed[$0].to } ?? layer) + ending] =
        isSeeing ? byColumns(parameter) : parameter
    }
    return found
  }

  /// A matrix that lists pixels by channels, columns and rows, as one that lists them by columns,
  /// rows and channels.
  private func byColumns(_ matrix: StoredParameter) -> StoredParameter {
    let shape = matrix.shape
    // Whoever checks the shape will say what is wrong with another.
    guard shape.count == 2, shape[1] == channels * 9 else { return matrix }
    return matrix.changed(to: shape) { [channels] in
      $0.reshaped(shape[0], channels, 3, 3).permuted(0, 2, 3, 1).reshaped(shape)
    }
  }
}

extension NPYObject {
  /// The arrays of a dictionary by name.
  fileprivate func tensors() throws(FileError) -> OrderedDictionary<String, StoredTensor> {
    guard let entries = value.asDictionary else {
      throw FileError(
        .notRecognised, file: file, expected: "a dictionary of arrays", found: value.kind)
    }
    var tensors: OrderedDictionary<String, StoredTensor> = [:]
    for (key, value) in entries.entries {
      let name = key.asString ?? key.kind
      do throws(FileError) {
        tensors[name] = try StoredTensor(numPy: value, file: file)
      } catch {
        throw FileError(
          error.kind, file: file, expected: "\(name): \(error.expected)", found: error.found)
      }
      guard tensors[name] != nil else {
        throw FileError(
          .unsupported, file: file, expected: "\(name): an array", found: value.kind)
      }
    }
    return tensors
  }
}

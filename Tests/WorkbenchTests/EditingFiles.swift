// Networks that edit codes of the published generator of 16×16, in files.

import Checkpoints
import Formats
import Foundation
import Layers
import Networks
import Tensors
import TestSupport
import Testing
import Workbench

/// A classifier of codes [6, 16] with random weights, in a file; `change` makes it unlike CelebA's,
/// `weights` changes its numbers.
@discardableResult
func writeClassifier(
  to path: String, _ change: (inout LatentClassifierConfiguration) -> Void = { _ in },
  weights: (ParameterStore) -> Void = { _ in }
) throws -> LatentClassifier {
  var configuration = LatentClassifierConfiguration()
  (configuration.codeLength, configuration.hiddenWidths) = (6 * 16, [24, 12])
  configuration.featureWidth = 4
  change(&configuration)
  let classifier = LatentClassifier(
    configuration, Scope(ParameterStore(), generator: TorchGenerator(seed: 5)))
  weights(classifier.parameters)
  try writeNetworkFile(classifier.parameters, configuration: configuration, to: path)
  return classifier
}

/// An edit transformer for rows of 16 numbers with random weights, in a file.
@discardableResult
func writeEditor(
  to path: String, _ change: (inout EditTransformerConfiguration) -> Void = { _ in }
) throws -> EditTransformer {
  var configuration = EditTransformerConfiguration()
  (configuration.decoder.width, configuration.decoder.feedForward) = (16, 8)
  change(&configuration)
  let editor = EditTransformer(
    configuration, Scope(ParameterStore(), generator: TorchGenerator(seed: 6)))
  try writeNetworkFile(editor.parameters, configuration: configuration, to: path)
  return editor
}

/// Codes [N, 6, 16] of a file, whose rows differ.
func writeCodes(to path: String, count: Int, seed: UInt64) throws -> CodeFile {
  let values = Tensor.seeded([count, 6, 16], seed: seed, dtype: .float32).values(as: Float.self)
  let stored = try StoredTensor(
    elementType: .float32, shape: [count, 6, 16],
    bytes: ByteRegion(floatBytes(values), name: "w"))
  try NPZ.write([("w", stored)], to: path)
  return try CodeFile(reading: path)
}

/// Two codes [2, 6, 16] of a file that says what they are of, if there are names.
func writeNamedCodes(_ names: [String], to path: String) throws -> CodeFile {
  let values = Tensor.seeded([2, 6, 16], seed: 1, dtype: .float32).values(as: Float.self)
  let entry = Safetensors.Entry(name: "w", elementType: .float32, shape: [2, 6, 16]) {
    ByteRegion(floatBytes(values), name: "w")
  }
  let text = String(decoding: try JSONEncoder().encode(names), as: UTF8.self)
  try Safetensors.write(
    [entry], metadata: names.isEmpty ? [:] : ["stylist.names": text], to: path)
  return try CodeFile(reading: path)
}

/// What is asked of an edit of some pictures of the published generator.
func editRequest(
  _ subject: EditSubject = .seeds([3, 1]), _ source: NetworkSource = plainNetwork
) throws -> EditRequest {
  try EditRequest(subject, of: source, provenance: provenance(nil))
}

/// The code of a seed, [1, 6, 16].
func code(_ seed: UInt32) throws -> Tensor {
  let g = try generator(plainNetwork)
  return withoutGradients { g.broadcast(g.map(z: g.z(seed: seed), labels: nil)) }
}

/// The picture of a code.
func drawn(_ code: Tensor) throws -> ByteImage {
  let g = try generator(plainNetwork)
  return withoutGradients {
    let bytes = g.traits.pixelEncoding.bytes(g.synthesize(code, options: SynthesisOptions()))
    return ByteImage(
      width: 16, height: 16, channels: 3, pixels: bytes.contiguous().values(as: UInt8.self))
  }
}

// Checkpoints as published code writes them: every file opens and holds the expected tensors.

import Formats
import TestSupport
import Testing

@Suite("Published torch files")
struct PublishedTorchTests {
  /// A file of a case: where its tensors and the expected ones meet.
  struct Published: CustomTestStringConvertible, Sendable {
    let file: String
    let form: TorchArchive.Form
    /// How many tensors there are in all.
    let count: Int
    /// What comes before the common part of the names in the file.
    var prefix = ""
    /// What comes before it in the expected names.
    var expectedPrefix = ""
    /// The first parts of the expected names that the file holds.
    var parts: [String] = [""]
    /// Whether the expected numbers are float32 whatever the file holds.
    var isConverted = false

    var testDescription: String { file }
  }

  private static let published = [
    Published(
      file: "checkpoint-rosinality-pt/converted-zip.pt", form: .zip, count: 56,
      parts: ["g_ema.", "latent_avg"]),
    Published(
      file: "checkpoint-rosinality-pt/converted-legacy.pt", form: .legacy, count: 56,
      parts: ["g_ema.", "latent_avg"]),
    Published(
      file: "checkpoint-rosinality-pt/half-zip.pt", form: .zip, count: 56,
      parts: ["g_ema.", "latent_avg"], isConverted: true),
    Published(
      file: "checkpoint-rosinality-pt/training-zip.pt", form: .zip, count: 156,
      parts: ["g_ema.", "d."]),
    Published(
      file: "checkpoint-rosinality-pt/training-legacy.pt", form: .legacy, count: 156,
      parts: ["g_ema.", "d."]),
    Published(
      file: "checkpoint-rosinality-pt/views-zip.pt", form: .zip, count: 9,
      expectedPrefix: "views.", parts: ["views."], isConverted: true),
    Published(
      file: "checkpoint-rosinality-pt/views-legacy.pt", form: .legacy, count: 9,
      expectedPrefix: "views.", parts: ["views."], isConverted: true),
    Published(
      file: "checkpoint-style-transformer/style_transformer.pt", form: .zip, count: 616,
      prefix: "state_dict.", parts: ["encoder.", "decoder."]),
    Published(
      file: "checkpoint-style-transformer/style_transformer_legacy.pt", form: .legacy, count: 616,
      prefix: "state_dict.", parts: ["encoder.", "decoder."]),
    Published(
      file: "checkpoint-psp/psp.pt", form: .zip, count: 793, prefix: "state_dict.",
      parts: ["encoder.", "decoder."]),
    Published(
      file: "checkpoint-psp/psp_legacy.pt", form: .legacy, count: 793, prefix: "state_dict.",
      parts: ["encoder.", "decoder."]),
    Published(
      file: "checkpoint-edit/edit_transformer.pt", form: .zip, count: 353, prefix: "state_dict."),
    Published(
      file: "checkpoint-edit/latent_classifier.pt", form: .zip, count: 164, prefix: "state_dict.",
      expectedPrefix: "classifier.module.", parts: ["classifier.module."]),
    Published(
      file: "checkpoint-stylenat/050000.pt", form: .zip, count: 610, prefix: "state_dicts.",
      parts: ["g_ema."]),
    Published(
      file: "checkpoint-stylenat-legacy/FFHQ256_940k_flip.pt", form: .zip, count: 620,
      parts: ["g_ema."]),
    Published(
      file: "checkpoint-styleswin/050000.pt", form: .zip, count: 654, parts: ["g_ema."]),
  ]

  @Test("holds the expected tensors", arguments: published)
  func tensors(published: Published) throws {
    let folder = published.file.prefix { $0 != "/" }
    let expected = try Safetensors(path: caseFile("\(folder)/expected.safetensors"))
    let bytes = try ByteRegion(mapping: caseFile(published.file))
    let archive = try TorchArchive(bytes)
    let found = try allTensors(of: archive, file: bytes.name)
    #expect(archive.form == published.form)
    #expect(found.count == published.count)
    var compared = 0
    for (name, tensor) in expected.tensors where published.parts.contains(where: name.hasPrefix) {
      let common = name.dropFirst(published.expectedPrefix.count)
      let candidate = try #require(found[published.prefix + common], "\(name)")
      #expect(candidate.shape == tensor.shape, "\(name)")
      compared += 1
      guard !published.isConverted || candidate.elementType == tensor.elementType else { continue }
      #expect(candidate.elementType == tensor.elementType, "\(name)")
      #expect(
        candidate.contiguousBytes().copy() == tensor.contiguousBytes().copy(), "\(name)")
    }
    #expect(compared > 0)
  }

  @Test("holds the latent average beside the state", arguments: ["style-transformer", "psp"])
  func latentAverage(name: String) throws {
    let folder = "checkpoint-\(name)"
    let expected = try Safetensors(path: caseFile("\(folder)/expected.safetensors"))
    let file = name.replacing("-", with: "_")
    for path in ["\(folder)/\(file).pt", "\(folder)/\(file)_legacy.pt"] {
      let bytes = try ByteRegion(mapping: caseFile(path))
      let found = try allTensors(of: TorchArchive(bytes), file: bytes.name)["latent_avg"]
      #expect(found?.contiguousBytes().copy() == expected.tensors["latent_avg"]?.bytes.copy())
    }
  }
}

/// The tensors in an archive's dictionaries and lists, by dotted name.
func allTensors(of archive: TorchArchive, file: String) throws -> [String: StoredTensor] {
  let source = TorchTensors(storages: archive.storages, file: file)
  var tensors: [String: StoredTensor] = [:]
  var waiting = [("", archive.root)]
  while let (path, value) = waiting.popLast() {
    let name = String(path.dropFirst())
    if let tensor = try source.tensor(value) {
      tensors[name] = tensor
    } else if let dictionary = value.asDictionary {
      for (key, part) in dictionary.entries {
        let key = try #require(key.asString ?? key.asInt.map(String.init))
        waiting.append(("\(path).\(key)", part))
      }
    } else {
      for (index, part) in (value.asItems ?? []).enumerated() {
        waiting.append(("\(path).\(index)", part))
      }
    }
  }
  return tensors
}

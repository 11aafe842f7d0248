// The commands in the articles of the documentation: all of them are understood.

import Checkpoints
import Formats
import Foundation
import Layers
import Networks
import TestSupport
import Testing

@Suite("Commands of the documentation")
struct ArticleCommandTests {
  /// Commands that only read, and so know no `-n`.
  private static let reading = [
    "model scan", "model inspect", "model list", "dataset inspect", "dataset verify",
  ]

  /// The commands of a page, a line each, as words; what stands between apostrophes is one.
  private static func commands(of page: DocumentationPage) -> [[String]] {
    page.blocks.filter { $0.language == "sh" }.flatMap(\.lines).map { line in
      line.matches(of: /(?:[^\s']|'[^']*')+/).map { String($0.output).replacing("'", with: "") }
    }
  }

  /// An encoder for the network, whose codes have 6 rows of 16.
  private func writeEncoder(to path: String) throws {
    var configuration = PSpEncoderConfiguration()
    configuration.head = .intoW
    configuration.shape.trunk = IRSEConfiguration(
      stemWidth: 2, stages: [16, 16, 16].map { .init(width: $0, units: 1) })
    (configuration.shape.numWs, configuration.shape.wDim) = (6, 16)
    let encoder = configuration.makeEncoder(Scope(ParameterStore()))
    try writeNetworkFile(encoder.parameters, configuration: configuration, to: path)
  }

  @Test("would do what they say, given the files that they name")
  func commands() async throws {
    try await withScratchFolder { folder in
      try put(ByteRegion(mapping: plainNetwork).copy(), at: "\(folder)/network.pkl")
      let entry = Safetensors.Entry(name: "w", elementType: .float32, shape: [4, 6, 16]) {
        ByteRegion([UInt8](repeating: 0, count: 4 * 6 * 16 * 4), name: "w")
      }
      try Safetensors.write([entry], to: "\(folder)/codes.safetensors")
      try writeEncoder(to: "\(folder)/encoder.safetensors")
      try EditingFile.writeClassifier(to: "\(folder)/classifier.pt", codeLength: 6 * 16)
      try EditingFile.writeEditor(to: "\(folder)/editor.pt", width: 16)
      let score = try StoredTensor(
        elementType: .float32, shape: [4],
        bytes: ByteRegion(floatBytes([1, 2, 3, 4]), name: "score"))
      try put(NPY.encoded(score), at: "\(folder)/scores.npy")
      let directions = try await stylist(
        ["directions", "sefa", "--network=network.pkl", "--out=directions.safetensors"], in: folder)
      #expect(directions.exitCode == 0, "\(directions.stderr)")
      let faces = try await stylist(
        ["dataset", "portraits", "--count=4", "--res=32", "--dest=faces.zip"], in: folder)
      #expect(faces.exitCode == 0, "\(faces.stderr)")
      try writePublishedDatasets(in: folder)

      let before = names(in: folder)
      var count = 0
      for page in try DocumentationPage.all() {
        for words in Self.commands(of: page) {
          try #require(words.first == "stylist", "\(page): \(words)")
          let readsOnly = Self.reading.contains(words.dropFirst().prefix(2).joined(separator: " "))
          let outcome = try await stylist(words.dropFirst() + (readsOnly ? [] : ["-n"]), in: folder)
          #expect(outcome.exitCode == 0, "\(page): \(words): \(outcome.stderr)")
          count += 1
        }
      }
      #expect(count > 10)
      #expect(names(in: folder) == before)
    }
  }
}

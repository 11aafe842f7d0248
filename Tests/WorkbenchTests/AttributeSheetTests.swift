// The sheet of a classifier: which pictures stand where.

import Datasets
import Formats
import Layers
import Networks
import Tensors
import TestSupport
import Testing
import Training
import Workbench

/// Pictures of noise.
private struct NoisePictures: Dataset {
  let name = "noise"
  var count = 9
  let shape = ImageShape(resolution: 16, channels: 3)
  var labelKind: LabelKind { .none }
  var fingerprint: DatasetFingerprint { DatasetFingerprint(madeBy: name) }

  func image(at index: Int) throws(DatasetError) -> ByteImage {
    noise(width: 16, height: 16, channels: 3, seed: UInt32(index + 1))
  }

  func label(at index: Int) -> [Float] { [] }
}

@Suite("Sheets of attributes")
struct AttributeSheetTests {
  private let cell = 32

  private func classifier() -> AttributeClassifier {
    var configuration = AttributeClassifierConfiguration(
      resolution: 16, attributes: ["Smiling", "Hat", "Beard"])
    (configuration.channelBase, configuration.channelMax) = (128, 8)
    return AttributeClassifier(
      configuration, Scope(ParameterStore(), generator: TorchGenerator(seed: 3)))
  }

  /// The cells of a row on both sides: the left side ends where the right begins, but for a gap.
  private func cells(_ sheet: ByteImage, row: Int, columns: Int) -> [[ByteImage]] {
    let side = columns * cell
    let right = sheet.width - 8 - side
    let left = right - 8 - side
    let rows = 32 + row * cell..<32 + (row + 1) * cell
    return [left, right].map { start in
      (0..<columns).map { column in
        let x = start + column * cell
        return sheet.cropped(columns: x..<x + cell, rows: rows)
      }
    }
  }

  @Test("each row shows the pictures that most surely have an attribute, and have it not")
  func content() throws {
    let (classifier, data) = (classifier(), NoisePictures())
    let sheet = try AttributeSheet(classifier, of: data).image
    #expect(sheet.height == 32 + 3 * cell && sheet.channels == 3)
    let logits = try (0..<data.count).map { index in
      let images = try data.batch(index..<index + 1).images
      return withoutGradients { classifier(images).values() }
    }
    for row in 0..<3 {
      let order = (0..<data.count).sorted { logits[$0][row] > logits[$1][row] }
      let expected = try [order, order.reversed()].map { side in
        try side.prefix(6).map { index in
          try data.image(at: index).resized(width: cell, height: cell, filter: .lanczos)
        }
      }
      #expect(cells(sheet, row: row, columns: 6) == expected)
      // What is sure of one attribute is not so of all: the rows differ.
      #expect(order != Array(0..<data.count))
    }
    #expect(cells(sheet, row: 0, columns: 6) != cells(sheet, row: 1, columns: 6))
  }

  @Test("fewer pictures than columns are shown once on either side")
  func few() throws {
    let sheet = try AttributeSheet(classifier(), of: NoisePictures(count: 2)).image
    let whole = try AttributeSheet(classifier(), of: NoisePictures()).image
    #expect(sheet.height == whole.height && sheet.width < whole.width)
  }
}

// Parts of data sets, mirror images, and portraits as a data set.

import Datasets
import Formats
import Testing

@Suite("Views and portraits")
struct DatasetViewTests {
  @Test("a view has the chosen pictures, then their mirror images, with the same labels")
  func views() throws {
    let base = CountingDataset(count: 5)
    let view = DatasetView(base, indices: [4, 1], mirror: true)
    #expect(view.count == 4 && view.labelKind == .classes(5) && view.name == "counting")
    for (index, source) in [4, 1, 4, 1].enumerated() {
      let picture = try base.image(at: source)
      #expect(try view.image(at: index) == (index < 2 ? picture : picture.mirrored))
      #expect(view.label(at: index) == base.label(at: source))
    }
    #expect(try view.image(at: 0) != view.image(at: 2))
    #expect(DatasetView(base).count == 5)
    #expect(DatasetView(base, mirror: true).count == 10)
  }

  @Test("reduced pictures are means of squares, halves rounded to the even number")
  func reduced() throws {
    struct Squares: Dataset {
      let name = "squares"
      let count = 1
      let labelKind = LabelKind.classes(1)
      let shape = ImageShape(resolution: 4, channels: 1)
      var fingerprint: DatasetFingerprint { CountingDataset(count: 1).fingerprint }
      func label(at index: Int) -> [Float] { [1] }
      func image(at index: Int) -> ByteImage {
        // Sums of 2, 6, 7 and 1020.
        let rows: [[UInt8]] = [[0, 1, 3, 3], [0, 1, 0, 0], [4, 3, 255, 255], [0, 0, 255, 255]]
        return ByteImage(width: 4, height: 4, channels: 1, pixels: rows.flatMap(\.self))
      }
    }
    let half = ReducedDataset(Squares(), by: 2)
    #expect(half.shape == ImageShape(resolution: 2, channels: 1) && half.labelKind == .classes(1))
    #expect(try half.image(at: 0).pixels == [0, 2, 2, 255] && half.label(at: 0) == [1])
    // 1035 / 16 is 64.7.
    #expect(try ReducedDataset(Squares(), by: 4).image(at: 0).pixels == [65])
    #expect(try ReducedDataset(Squares(), by: 1).image(at: 0) == Squares().image(at: 0))
    let portraits = PortraitsDataset(count: 2, resolution: 16)
    let (whole, small) = (
      try portraits.image(at: 1), try ReducedDataset(portraits, by: 4).image(at: 1)
    )
    for (x, y, c) in [(0, 0, 0), (3, 1, 2), (2, 3, 1)] {
      let square = (0..<16).map { i in
        Int(whole.pixels[((4 * y + i / 4) * 16 + 4 * x + i % 4) * 3 + c])
      }
      let mean = Double(square.reduce(0, +)) / 16
      #expect(Double(small.pixels[(y * 4 + x) * 3 + c]) == mean.rounded(.toNearestOrEven))
    }
  }

  @Test("portraits are those of their seeds, from the first on")
  func seeds() throws {
    let set = PortraitsDataset(count: 6, resolution: 16, seed: 40, picturesPerIdentity: 3)
    #expect(set.shape == ImageShape(resolution: 16, channels: 3) && set.labelKind == .none)
    for index in 0..<6 {
      let portrait = Portrait(identity: 40 + UInt64(index / 3), nuisance: 40 + UInt64(index))
      #expect(try set.image(at: index) == portrait.image(size: 16))
      #expect(set.label(at: index) == [])
    }
  }

  @Test("portraits know whom they show, labels of classes too; views say it of their pictures")
  func people() {
    let portraits = PortraitsDataset(
      count: 6, resolution: 8, seed: 40, picturesPerIdentity: 3, attributes: [.smiling])
    #expect((0..<6).map { portraits.person(at: $0) } == [0, 0, 0, 1, 1, 1])
    let base = CountingDataset(count: 5)
    let view = DatasetView(base, indices: [4, 1], mirror: true)
    for (index, source) in [4, 1, 4, 1].enumerated() {
      #expect(view.person(at: index) == base.label(at: source).firstIndex(of: 1))
    }
    let numbers = DatasetView(portraits, indices: [5, 0])
    #expect((0..<2).map { numbers.person(at: $0) } == [1, 0])
  }

  @Test("one attribute gives two classes, several a vector")
  func labels() {
    let one = PortraitsDataset(count: 50, resolution: 8, attributes: [.smiling])
    let two = PortraitsDataset(count: 50, resolution: 8, attributes: [.smiling, .bald])
    #expect(one.labelKind == .classes(2) && two.labelKind == .vectors(2))
    for index in 0..<50 {
      let portrait = one.portrait(at: index)
      let (smiles, isBald) = (portrait[.smiling], portrait[.bald])
      #expect(one.label(at: index) == (smiles ? [0, 1] : [1, 0]))
      #expect(two.label(at: index) == [smiles ? 1 : 0, isBald ? 1 : 0])
      #expect(two.labels[index] == two.label(at: index))
    }
    #expect(one.labels.kind == .classes(2))
    #expect(one.labelNames == [] && one.labels.names == [])
    #expect(two.labelNames == ["Smiling", "Bald"] && two.labels.names == two.labelNames)
    #expect(DatasetView(two, mirror: true).labelNames == two.labelNames)
    #expect(CountingDataset(count: 2).labelNames == [])
  }
}

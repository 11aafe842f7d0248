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

// The code of the article "Data sets", and what it says about it.

import Datasets
import Formats
import Foundation
import TestSupport
import Testing

/// Squares of three colours, labelled by their colour.
struct Squares: Dataset {
  let name = "squares"
  let count = 300
  let shape = ImageShape(resolution: 16, channels: 3)
  let labelKind = LabelKind.classes(3)

  func image(at index: Int) throws(DatasetError) -> ByteImage {
    let (colour, shade) = (index % 3, UInt8(128 + index % 128))
    let pixel = (0..<3).map { $0 == colour ? shade : 0 }
    return ByteImage(
      width: 16, height: 16, channels: 3, pixels: (0..<256).flatMap { _ in pixel })
  }

  func label(at index: Int) -> [Float] { (0..<3).map { $0 == index % 3 ? 1 : 0 } }

  var fingerprint: DatasetFingerprint { DatasetFingerprint(madeBy: "squares-v1") }
}

@Suite("Data sets, the article") struct DataSetsArticleTests {
  /// Three portraits and their labels, as a folder in the published form.
  private func makeFolder(at path: String) throws {
    try FileManager.default.createDirectory(
      atPath: "\(path)/00000", withIntermediateDirectories: true)
    for number in 0..<3 {
      let picture = Portrait(identity: UInt64(number), nuisance: 1).image(size: 32)
      let content = try PNG(image: picture).encoded(level: 0)
      try put(content, at: "\(path)/00000/img0000000\(number).png")
    }
    let page = try #require(try DocumentationPage.all().first { $0.name == "DataSets" })
    let labels = try #require(page.blocks.first { $0.lines[0].hasPrefix("{\"labels\"") })
    try put(Array(labels.lines.joined(separator: "\n").utf8), at: "\(path)/dataset.json")
  }

  @Test("a folder with the labels of the article opens, and refuses what does not fit")
  func files() throws {
    try withScratchFolder { scratch in
      let path = "\(scratch)/cats"
      try makeFolder(at: path)

      let pictures = try ImageDataset(path: path)
      print(pictures.count, pictures.shape.resolution, pictures.labelKind)
      let picture = try pictures.image(at: 0)  // decoded now
      let label = pictures.label(at: 0)  // [1, 0], a one in the place of the class
      let mirrored = DatasetView(pictures, mirror: true)  // twice as many

      #expect(pictures.count == 3 && pictures.shape == ImageShape(resolution: 32, channels: 3))
      #expect(pictures.labelKind == .classes(2) && label == [1, 0])
      #expect(picture.width == 32 && mirrored.count == 6 && mirrored.label(at: 4) == [0, 1])

      try put([UInt8]("GIF89a".utf8), at: "\(path)/00000/img00000003.png")
      expectDatasetError("img00000003.png") { _ = try ImageDataset(path: path) }
    }
  }

  @Test("the numbers of the article's vectors have names")
  func names() throws {
    let page = try #require(try DocumentationPage.all().first { $0.name == "DataSets" })
    let blocks = page.blocks.filter { $0.lines[0].hasPrefix("{\"labels\"") }
    let block = try #require(blocks.last)
    let text = Array(block.lines.joined(separator: "\n").utf8)
    let file = try LabelFile.read(ByteRegion(text, name: LabelFile.name))
    #expect(file?.names == ["Smiling", "Eyeglasses"])
    #expect(file?.values == .vectors([1, 0, 0, 0], dimension: 2))
  }

  @Test("the table of the article is one that is read")
  func table() throws {
    let page = try #require(try DocumentationPage.all().first { $0.name == "DataSets" })
    let block = try #require(page.blocks.first { $0.lines[0] == "file,breed" })
    let text = Array(block.lines.joined(separator: "\n").utf8)
    let file = try LabelFile.readTable(ByteRegion(text, name: "table.csv"))
    #expect(file.paths == ["ann.png", "more/bob.png"] && file.values == .classes([1, 0]))
    #expect(file.names == ["siamese, seal point", "tabby"])
  }

  @Test("an order goes on where it was saved, in batches of any size")
  func resuming() throws {
    let dataset = Squares()

    let loader = BatchLoader(
      dataset, order: DataOrder(count: dataset.count, seed: 7), batchSize: 8, threads: 2)
    for _ in 0..<50 { _ = try loader.next() }
    let saved = try JSONEncoder().encode(loader.order)  // {"count":300,"position":400,"seed":7}

    let order = try JSONDecoder().decode(DataOrder.self, from: saved)
    let later = BatchLoader(dataset, order: order, batchSize: 8, threads: 0)
    print(try later.next() == loader.next())  // true

    #expect(try later.next() == loader.next())
    #expect(order == DataOrder(count: 300, seed: 7, position: 400) && order.epoch == 1)
    #expect(later.order.position == 416)
  }

  @Test("portraits are the same for the same seeds, and say what is true of them")
  func portraits() {
    let ann = Portrait(identity: 5, nuisance: 1)
    let annAgain = Portrait(identity: 5, nuisance: 2)  // she turns her head, in another light
    let somebody = Portrait(identity: 6, nuisance: 1)  // posing as Ann did
    let picture = ann.image(size: 64)
    print(ann[.smiling], ann[.yaw], ann.attributes.map(\.rawValue).sorted())

    #expect(picture == Portrait(identity: 5, nuisance: 1).image(size: 64))
    let identity: [PortraitFactor] = [
      .age, .headWidth, .skinTone, .eyeDistance, .eyeSize, .mouthWidth,
    ]
    for factor in PortraitFactor.allCases {
      let (same, other) = identity.contains(factor) ? (annAgain, somebody) : (somebody, annAgain)
      #expect(ann[factor] == same[factor] && ann[factor] != other[factor], "\(factor)")
    }
  }

  @Test("people repeat as often as asked, and labels follow the attributes")
  func portraitsDataset() {
    let faces = PortraitsDataset(
      count: 1000, resolution: 64, picturesPerIdentity: 4, attributes: [.smiling, .eyeglasses])
    let portrait = faces.portrait(at: 9)  // identity 2, nuisance 9
    print(faces.label(at: 9), faces.labelNames)  // a 0 or 1 for each attribute

    #expect(portrait.identitySeed == 2 && portrait.nuisanceSeed == 9)
    #expect(faces.labelKind == .vectors(2) && faces.labelNames == ["Smiling", "Eyeglasses"])
    #expect(faces.label(at: 9) == [portrait[.smiling] ? 1 : 0, portrait[.eyeglasses] ? 1 : 0])
  }

  @Test("a data set of one's own has what it promises")
  func own() throws {
    let dataset = Squares()
    for index in [0, 1, 299] {
      let picture = try dataset.image(at: index)
      #expect(picture.pixels.count == dataset.shape.byteCount)
      #expect(dataset.label(at: index).count == dataset.labelKind.dimension)
      #expect(dataset.label(at: index)[index % 3] == 1)
    }
  }
}

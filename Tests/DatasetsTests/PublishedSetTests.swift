// CIFAR-10, CIFAR-100, STL-10 and MNIST as they are published, and as they must not be.

import Datasets
import Formats
import TestSupport
import Testing

@Suite("Published data sets")
struct PublishedSetTests {
  private typealias Files = [(name: String, content: [UInt8])]

  private func expectPictures(
    _ files: PictureFiles, _ numbers: [Int], size: Int = 32,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    try #require(files.pictures.count == numbers.count, sourceLocation: sourceLocation)
    for (index, number) in numbers.enumerated() {
      #expect(
        try files.image(at: index) == sample(number, size), sourceLocation: sourceLocation)
      let header = try files.header(at: index)
      #expect(
        (header.width, header.height, header.channels) == (size, size, 3) && header.format == nil,
        sourceLocation: sourceLocation)
      let count = files.byteCount(at: index)
      #expect(count == size * size * 3, sourceLocation: sourceLocation)
    }
  }

  private func classes(_ files: PictureFiles) throws -> [Int]? {
    guard case .classes(let classes) = try files.labelFile()?.values else { return nil }
    return classes
  }

  /// The files in a folder of a tar archive, as they are published.
  private func archive(_ files: Files, in scratch: String, isPacked: Bool) throws -> String {
    let entries = files.map { TarAssembler.Entry("batches/\($0.name)", $0.content) }
    let bytes = TarAssembler([.init("batches/", kind: "5")] + entries).bytes
    let path = "\(scratch)/set.tar\(isPacked ? ".gz" : "")"
    guard isPacked else {
      try put(bytes, at: path)
      return path
    }
    // A stored block has room for 65535 bytes.
    let starts = Array(stride(from: 0, to: bytes.count, by: 60_000))
    let blocks = starts.flatMap { start -> [UInt8] in
      let part = Array(bytes[start..<min(start + 60_000, bytes.count)])
      return [start == starts.last ? 1 : 0] + deflateStored(part).dropFirst()
    }
    try put(gzip(blocks, of: bytes), at: path)
    return path
  }

  // MARK: CIFAR

  @Test("CIFAR-10 is a folder, a tar archive, packed or not, with the training pictures in order")
  func cifar10Places() throws {
    try withScratchFolder { scratch in
      var prints: Set<DatasetFingerprint> = []
      for path in [
        try makeFolder(cifar10(), in: scratch),
        try archive(cifar10(), in: scratch, isPacked: false),
        try archive(cifar10(), in: scratch, isPacked: true),
      ] {
        let files = try PictureFiles(path: path)
        #expect(files.form == "CIFAR-10" && files.hasSplits && files.isArchive)
        try expectPictures(files, Array(0...6))
        #expect(
          files.pictures == [
            "data_batch_1.bin/00000", "data_batch_1.bin/00001", "data_batch_2.bin/00000",
            "data_batch_2.bin/00001", "data_batch_3.bin/00000", "data_batch_4.bin/00000",
            "data_batch_5.bin/00000",
          ])
        #expect(try classes(files) == [9, 8, 7, 6, 5, 4, 3])
        #expect(try files.labelFile()?.names.last == "truck")
        let set = try ImageDataset(path: path)
        #expect(set.labelKind == .classes(10) && set.labelNames.count == 10)
        #expect(set.label(at: 1) == [0, 0, 0, 0, 0, 0, 0, 0, 1, 0])
        prints.insert(set.fingerprint)
      }
      #expect(prints.count == 1)
    }
  }

  @Test("parts are chosen by name; one that is not there is refused with those that are")
  func splits() throws {
    try withScratchFolder { scratch in
      let path = try makeFolder(cifar10(), in: scratch)
      for (text, numbers) in [
        ("train", Array(0...6)), ("test", [7]), ("all", Array(0...7)),
        ("test+train", Array(0...7)),
      ] {
        try expectPictures(PictureFiles(path: path, splits: PictureSplits(text)), numbers)
      }
      expect(.doesNotFit, says: "the part unlabeled of CIFAR-10, found train and test") {
        _ = try PictureFiles(path: path, splits: PictureSplits("unlabeled"))
      }
      try expectPictures(PictureFiles(path: "\(path)/data_batch_2.bin"), [2, 3])
      try expectPictures(PictureFiles(path: "\(path)/test_batch.bin"), [7])
      #expect(try PictureFiles.at("\(path)/test_batch.bin").pictures.count == 1)
    }
    for text in ["", "training", "train+", "train+train", "all+test"] {
      #expect(PictureSplits(text) == nil)
    }
    #expect(PictureSplits("all") == .all)
  }

  @Test("a batch that is missing is named; one that is named itself is read alone")
  func missingBatches() throws {
    try withScratchFolder { scratch in
      var files = cifar10()
      files.removeAll { ["data_batch_2.bin", "data_batch_4.bin"].contains($0.name) }
      for path in [
        try makeFolder(files, in: scratch), try archive(files, in: scratch, isPacked: true),
      ] {
        for splits in [nil, PictureSplits.all, PictureSplits("train")] {
          expect(
            .missing,
            says: "expected the 5 files of CIFAR-10's part train, found no data_batch_2.bin, "
              + "data_batch_4.bin; one file alone is read by its own name"
          ) { _ = try PictureFiles(path: path, splits: splits) }
        }
        try expectPictures(PictureFiles(path: path, splits: PictureSplits("test")), [7])
      }
      let folder = try makeFolder(files, in: scratch)
      try expectPictures(PictureFiles(path: "\(folder)/data_batch_1.bin"), [0, 1])
    }
  }

  @Test("there are ten classes and their names, whichever of them pictures show, and in copies too")
  func allClasses() throws {
    try withScratchFolder { scratch in
      let path = try makeFolder(
        [("data_batch_1.bin", cifarRecords([(0, [4]), (1, [0])]))], in: scratch)
      let set = try ImageDataset(path: "\(path)/data_batch_1.bin")
      #expect(set.labelKind == .classes(10) && set.labelNames.count == 10)
      #expect(set.labelNames.first == "airplane" && set.labelNames.last == "truck")
      #expect(set.label(at: 0) == [0, 0, 0, 0, 1, 0, 0, 0, 0, 0])
      try withScratchFolder { other in
        let labels = LabelFile(paths: ["a.png"], values: .classes([4]), names: set.labelNames)
        let copy = try ImageDataset(
          path: makeFolder(
            [("a.png", try png()), ("dataset.json", labels.encoded)], in: other))
        #expect(copy.labelKind == .classes(10) && copy.labelNames == set.labelNames)
      }
    }
  }

  @Test("CIFAR-100 has the finer of its two classes")
  func cifar100() throws {
    try withScratchFolder { scratch in
      let names = (0..<100).map { "class \($0)" }
      let binary = try makeFolder(
        [
          ("train.bin", cifarRecords([(0, [3, 99]), (1, [19, 0])])),
          ("fine_label_names.txt", Array(names.joined(separator: "\n").utf8)),
        ], in: scratch)
      let files = try PictureFiles(path: binary)
      #expect(files.form == "CIFAR-100")
      try expectPictures(files, [0, 1])
      #expect(try classes(files) == [99, 0] && files.labelFile()?.names == names)

      let pickles = try archive(
        [
          ("train", cifarPickle([0, 1], [99, 0], key: "fine_labels")),
          ("test", cifarPickle([2], [5], key: "fine_labels")),
          ("meta", classNamesPickle(names, key: "fine_label_names")),
        ], in: scratch, isPacked: true)
      let read = try PictureFiles(path: pickles)
      #expect(read.form == "CIFAR-100")
      try expectPictures(read, [0, 1])
      #expect(try classes(read) == [99, 0] && read.labelFile()?.names == names)
      try expectPictures(PictureFiles(path: pickles, splits: PictureSplits("test")), [2])
    }
  }

  @Test("Python's batches are read as data, and refused if they ask for anything else")
  func pickles() throws {
    try withScratchFolder { scratch in
      func read(_ batch: [UInt8]) throws -> PictureFiles {
        let path = try makeFolder(
          [
            ("data_batch_1", batch),
            ("batches.meta", classNamesPickle((0..<10).map { "c\($0)" }, key: "label_names")),
          ], in: scratch)
        return try PictureFiles(path: "\(path)/data_batch_1")
      }
      let files = try read(cifarPickle([0, 1], [9, 2]))
      try expectPictures(files, [0, 1])
      #expect(try classes(files) == [9, 2])
      for (batch, kind, words) in [
        (
          PickleAssembler().call("os", "system") { $0.text("true") }.ops(".").bytes,
          .refusedAsUnsafe, "os.system"
        ),
        (cifarPickle([0], [10]), .damaged, "a class from 0 to 9, found 10"),
        (cifarPickle([0], [-1]), .damaged, "a class from 0 to 9, found -1"),
        (cifarPickle([0, 1], [1]), .damaged, "2 classes under \"labels\", found 1"),
        (cifarPickle([0], [1], key: "other"), .damaged, "under \"labels\", found none"),
        (PickleAssembler().ops("].").bytes, .damaged, "a dictionary of Python's, found a list"),
        (PickleAssembler().ops("}.").bytes, .damaged, "an array under \"data\", found none"),
        (Array(cifarPickle([0], [1]).dropLast(2000)), .damaged, "a length of at most"),
        (
          PickleAssembler().ops("}").text("data").numPyArray([1, 2, 3], [3]).ops("s.").bytes,
          .damaged, "bytes, 3072 for each picture, found float32, 3"
        ),
      ] as [([UInt8], FileError.Kind, String)] {
        expect(kind, says: words) { _ = try read(batch) }
      }
    }
  }

  @Test("sizes, classes and names that do not fit are damage, with the place")
  func damagedBatches() throws {
    try withScratchFolder { scratch in
      func refused(
        _ words: String, _ change: (inout Files) -> Void,
        sourceLocation: SourceLocation = #_sourceLocation
      ) throws {
        var files = cifar10()
        change(&files)
        let path = try makeFolder(files, in: scratch)
        expect(.damaged, says: words, sourceLocation: sourceLocation) {
          _ = try PictureFiles(path: path)
        }
      }
      try refused("at byte 3073: expected CIFAR-10 pictures of 3073 bytes each, found 6145") {
        $0[1].content.removeLast()
      }
      try refused("expected CIFAR-10 pictures of 3073 bytes each, found 0 bytes") {
        $0[0].content = []
      }
      try refused("data_batch_2.bin: damaged at byte 3073: expected a class from 0 to 9, found 10")
      {
        $0[0].content[3073] = 10
      }
      try refused("a name for each of 10 classes") { $0[3].content = Array("a\nb\n".utf8) }
      try refused("all different") {
        $0[3].content = Array(String(repeating: "a\n", count: 10).utf8)
      }
      try refused("names of classes in UTF-8") { $0[3].content = [0xFF] }
    }
  }

  @Test("an archive with links, or two files of a name, or cut, is refused")
  func hostileArchives() throws {
    try withScratchFolder { scratch in
      let batch = cifarRecords([(0, [1])])
      for (entries, kind) in [
        ([.init("a/data_batch_1.bin", batch), .init("b/data_batch_1.bin", batch)], .damaged),
        ([.init("a/data_batch_1.bin", batch), .init("x", kind: "1")], .refusedAsUnsafe),
        ([.init("../data_batch_1.bin", batch)], .refusedAsUnsafe),
        ([.init("a/data_batch_1.bin", batch), .init("x", kind: "3")], .refusedAsUnsafe),
      ] as [([TarAssembler.Entry], FileError.Kind)] {
        try put(TarAssembler(entries).bytes, at: "\(scratch)/a.tar")
        expect(kind) { _ = try PictureFiles(path: "\(scratch)/a.tar") }
      }
      let path = try archive(cifar10(), in: scratch, isPacked: true)
      let bytes = try ByteRegion(mapping: path).copy()
      for length in [40, 700, 5000, bytes.count - 9, bytes.count - 1] {
        try put(Array(bytes[..<length]), at: "\(scratch)/cut.tar.gz")
        expect(.damaged) { _ = try PictureFiles(path: "\(scratch)/cut.tar.gz") }
      }
      try put(TarAssembler([.init("a.png", try png())]).bytes, at: "\(scratch)/b.tar")
      expect(.damaged, says: "or a published CIFAR, STL-10 or MNIST, found a tar archive") {
        _ = try PictureFiles(path: "\(scratch)/b.tar")
      }
    }
  }

  // MARK: STL-10

  @Test("STL-10 lies by columns; its classes count from 1; pictures without one leave all without")
  func stl() throws {
    try withScratchFolder { scratch in
      let path = try makeFolder(stl10(), in: scratch)
      let train = try PictureFiles(path: path)
      #expect(train.form == "STL-10")
      try expectPictures(train, [0, 1, 2], size: 96)
      #expect(try classes(train) == [9, 0, 3] && train.labelFile()?.names[3] == "cat")
      let test = try PictureFiles(path: path, splits: PictureSplits("test"))
      #expect(try classes(test) == [1])
      let more = try PictureFiles(path: path, splits: PictureSplits("train+unlabeled"))
      try expectPictures(more, [0, 1, 2, 4, 5], size: 96)
      #expect(try more.labelFile() == nil)
      #expect(try PictureFiles(path: path, splits: .all).pictures.count == 6)
      let packed = try archive(stl10(), in: scratch, isPacked: true)
      try expectPictures(PictureFiles(path: packed, splits: .all), [0, 1, 2, 3, 4, 5], size: 96)
      #expect(try ImageDataset(path: path).shape == ImageShape(resolution: 96, channels: 3))
    }
  }

  @Test("STL-10 with classes that do not fit, or none at all, is refused")
  func damagedSTL() throws {
    try withScratchFolder { scratch in
      for (labels, words) in [
        ([0, 1, 2], "train_y.bin: damaged at byte 0: expected a class from 1 to 10, found 0"),
        ([1, 1, 11], "at byte 2: expected a class from 1 to 10, found 11"),
        ([1, 1], "expected 3 classes, one for each picture of train_X.bin, found 2"),
      ] as [([UInt8], String)] {
        var files = stl10()
        files[1].content = labels
        let path = try makeFolder(files, in: scratch)
        expect(.damaged, says: words) { _ = try PictureFiles(path: path) }
      }
      try withScratchFolder { other in
        var files = stl10()
        files.remove(at: 1)
        let path = try makeFolder(files, in: other)
        expect(.missing, says: "train_y.bin") { _ = try PictureFiles(path: path) }
        try expectPictures(
          PictureFiles(path: path, splits: PictureSplits("unlabeled")), [4, 5], size: 96)
      }
    }
  }

  // MARK: MNIST

  @Test("MNIST is grey, packed or not, with a border that makes 32 pixels of 28")
  func mnist() throws {
    try withScratchFolder { scratch in
      let digits = (0..<3).map { sample($0, 28, channels: 1) }
      let images = idx([3, 28, 28], digits.flatMap(\.pixels))
      let labels = idx([3], [7, 0, 9])
      for (dot, ending) in [("-", ""), (".", ""), ("-", ".gz")] {
        func packed(_ bytes: [UInt8]) -> [UInt8] {
          ending.isEmpty ? bytes : gzip(deflateStored(bytes), of: bytes)
        }
        try withScratchFolder { place in
          let path = try makeFolder(
            [
              ("train-images\(dot)idx3-ubyte\(ending)", packed(images)),
              ("train-labels\(dot)idx1-ubyte\(ending)", packed(labels)),
              ("t10k-images\(dot)idx3-ubyte\(ending)", packed(idx([1, 28, 28], digits[2].pixels))),
              ("t10k-labels\(dot)idx1-ubyte\(ending)", packed(idx([1], [4]))),
            ], in: place)
          for set in [path, "\(path)/train-images\(dot)idx3-ubyte\(ending)"] {
            let files = try PictureFiles(path: set)
            #expect(files.form == "MNIST" && files.pictures.count == 3)
            #expect(try classes(files) == [7, 0, 9])
            let picture = try files.image(at: 1)
            #expect((picture.width, picture.height, picture.channels) == (32, 32, 1))
            #expect(picture.cropped(columns: 2..<30, rows: 2..<30) == digits[1])
            let sum = picture.pixels.reduce(0) { $0 + Int($1) }
            #expect(sum == digits[1].pixels.reduce(0) { $0 + Int($1) })
            #expect(try ImageDataset(path: set).labelKind == .classes(10))
          }
          let test = try PictureFiles(path: path, splits: PictureSplits("test"))
          #expect(try classes(test) == [4])
        }
      }
    }
  }

  @Test("MNIST with other axes, sizes or numbers of classes is refused")
  func damagedMNIST() throws {
    try withScratchFolder { scratch in
      func refused(_ images: [UInt8], _ labels: [UInt8], _ words: String) throws {
        let path = try makeFolder(
          [("train-images-idx3-ubyte", images), ("train-labels-idx1-ubyte", labels)], in: scratch)
        expect(.damaged, says: words) { _ = try PictureFiles(path: path) }
      }
      let one = [UInt8](repeating: 0, count: 784)
      try refused(idx([784], one), idx([1], [1]), "pictures: three axes")
      try refused(idx([1, 0, 28], []), idx([1], [1]), "pictures: three axes")
      try refused(idx([2, 28, 28], one), idx([2], [1, 1]), "expected 784 elements")
      try refused(
        idx([1, 28, 28], one), idx([2], [1, 1]),
        "expected 1 classes, one for each picture of train-images-idx3-ubyte, found 2")
      try refused(Array("text".utf8), idx([1], [1]), "an array of bytes")
      try refused(
        gzip(deflateZeros(repeats: 4), checksum: 0, count: 1 << 30), idx([1], [1]),
        "a content of at most")
    }
  }
}

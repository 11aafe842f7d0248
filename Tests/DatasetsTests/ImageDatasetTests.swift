// Data sets in folders and archives: their order, their labels, and what is no data set.

import Datasets
import Formats
import TestSupport
import Testing

#if canImport(Darwin)
  import Darwin
#else
  import Glibc
#endif

@Suite("Data sets of files")
struct ImageDatasetTests {
  // MARK: Order and pictures

  @Test("a folder and an archive of the same files are the same data set, in order of the paths")
  func order() throws {
    let paths = ["b.png", "a/z.PNG", "a.png", "a-b/1.png", "ä.png", "Z.png", "a/b/c.png"]
    let sorted = ["Z.png", "a-b/1.png", "a.png", "a/b/c.png", "a/z.PNG", "b.png", "ä.png"]
    let files = try paths.enumerated().map { (name: $1, content: try png(seed: UInt32($0))) }
    let others: [(name: String, content: [UInt8])] = [("note.txt", [1]), (".png", [2])]
    try withScratchFolder { scratch in
      for path in [
        try makeFolder(files + others, in: scratch), try makeArchive(files + others, in: scratch),
      ] {
        let set = try ImageDataset(path: path)
        #expect(set.files.pictures == sorted)
        #expect(set.files.otherFiles == [".png", "note.txt"])
        #expect((set.name, set.count) == ("set", 7))
        #expect(set.shape == ImageShape(resolution: 8, channels: 3))
        #expect(set.labelKind == .none && set.label(at: 3) == [])
        for (index, name) in sorted.enumerated() {
          let seed = try #require(paths.firstIndex(of: name))
          #expect(
            try set.image(at: index)
              == noise(width: 8, height: 8, channels: 3, seed: UInt32(seed)))
        }
      }
    }
  }

  @Test(
    "the files of a folder can be taken by the parts of their paths, as the published tool does")
  func orderByParts() throws {
    let files = try ["a/z.png", "a.png", "a-b/1.png"].map { (name: $0, content: try png()) }
    try withScratchFolder { scratch in
      let folder = try PictureFiles(path: makeFolder(files, in: scratch), order: .byParts)
      #expect(folder.pictures == ["a/z.png", "a-b/1.png", "a.png"])
      let archive = try PictureFiles(path: makeArchive(files, in: scratch), order: .byParts)
      #expect(archive.pictures == ["a-b/1.png", "a.png", "a/z.png"])
    }
  }

  @Test("grey, RGB and RGBA, PNG and WebP; entries may be deflated")
  func forms() throws {
    try withScratchFolder { scratch in
      for channels in [1, 3, 4] {
        let content = try png(16, channels: channels)
        let entry = ZIPAssembler.Entry("a.png", deflated: deflateStored(content), of: content)
        try put(ZIPAssembler([entry]).bytes, at: "\(scratch)/\(channels).zip")
        let set = try ImageDataset(path: "\(scratch)/\(channels).zip")
        #expect(set.shape == ImageShape(resolution: 16, channels: channels))
        #expect(
          try set.image(at: 0) == noise(width: 16, height: 16, channels: channels, seed: 1))
      }
      let folder = try makeFolder([("a.png", png())], in: scratch)
      try noise(width: 8, height: 8, channels: 3, seed: 3).write(to: "\(folder)/b.webp")
      #expect(try ImageDataset(path: folder).count == 2)
    }
  }

  // MARK: Labels

  private func labels(_ text: String, _ names: [String] = ["a.png", "b/c.png"]) throws
    -> ImageDataset
  {
    let files = try names.map { (name: $0, content: try png()) }
    return try withScratchFolder { scratch in
      let folder = try makeFolder(files + [("dataset.json", Array(text.utf8))], in: scratch)
      return try ImageDataset(path: folder)
    }
  }

  @Test("classes are one-hot, as many as the largest says; vectors are as they are")
  func labelValues() throws {
    let classes = try labels(#"{"labels": [["b/c.png", 3], ["a.png", 1]]}"#)
    #expect(classes.labelKind == .classes(4))
    #expect(classes.label(at: 0) == [0, 1, 0, 0] && classes.label(at: 1) == [0, 0, 0, 1])
    let vectors = try labels(#"{"labels": [["a.png", [1, 2]], ["b/c.png", [3, 4.5]]]}"#)
    #expect(vectors.labelKind == .vectors(2))
    #expect(vectors.label(at: 1) == [3, 4.5])
    #expect(try labels(#"{"labels": null}"#).labelKind == .none)
  }

  @Test("labels of pictures that are not there do not count; pictures without a label do")
  func absent() throws {
    let set = try labels(#"{"labels": [["a.png", 1], ["gone.png", 9], ["b/c.png", 0]]}"#)
    #expect(set.labelKind == .classes(2))
    let error = expectDatasetError("set/dataset.json: damaged: expected a label for each picture") {
      _ = try labels(#"{"labels": [["a.png", 1]]}"#, ["a.png", "b.png", "c.png"])
    }
    #expect((error?.index, error?.others, error?.found) == (1, 1, "none for b.png"))
  }

  @Test("vectors have names if the file has them, for parts of the data too")
  func labelNames() throws {
    let vectors = #""labels": [["a.png", [1, 0]], ["b/c.png", [0, 0]], ["gone.png", [1, 1]]]"#
    var prints: Set<DatasetFingerprint> = []
    for (text, names) in [
      ("", []), (#", "attributes": ["Smiling", "Bald"]"#, ["Smiling", "Bald"]),
      (#", "attributes": ["x", "y"]"#, ["x", "y"]),
    ] {
      try withScratchFolder { scratch in
        let labels = ("dataset.json", Array("{\(vectors)\(text)}".utf8))
        let set = try ImageDataset(
          path: makeArchive([("a.png", png()), ("b/c.png", png(seed: 2)), labels], in: scratch))
        let view = DatasetView(set, indices: [1])
        #expect(set.label(at: 0) == [1, 0] && view.label(at: 0) == [0, 0])
        #expect(set.labelNames == names && view.labelNames == names)
        let survey = PictureSurvey(set.files)
        #expect(try ImageDataset(set.files, survey, readsLabels: false).labelNames == [])
        prints.insert(set.fingerprint)

        let kept = try DatasetLabels(set.files.labelFile(), of: set.files, [1])
        #expect(kept == .vectors([0, 0], dimension: 2, names: names))
        let file = LabelFile(
          paths: ["1.png"], values: .vectors([0, 0], dimension: 2), names: names)
        #expect(kept.file(paths: ["1.png"]) == file)
      }
    }
    // Names do not tell one data set from another.
    #expect(prints.count == 1)
    #expect(try labels(#"{"labels": [["a.png", 1], ["b/c.png", 0]]}"#).labelNames == [])
    expectDatasetError("set/dataset.json: damaged") {
      _ = try labels(#"{"labels": [["a.png", [1]], ["b/c.png", [0]]], "attributes": []}"#)
    }
  }

  // MARK: Labels from a list

  private func listed(
    _ list: String, _ names: [String], keeping indices: [Int]? = nil
  ) throws -> DatasetLabels {
    let list = try AttributeListFile(ByteRegion(Array(list.utf8), name: "list.txt"))
    return try withScratchFolder { scratch in
      let files = try PictureFiles(
        path: makeFolder(names.map { ($0, try png()) }, in: scratch))
      return try DatasetLabels(list, of: files, indices ?? Array(files.pictures.indices))
    }
  }

  @Test("a list's lines are found by the path of a picture, by its name, and .png under .jpg")
  func listedLabels() throws {
    let list = "4\nSmiling Bald\n3.jpg 1 -1\n1.jpg -1 1\n2.png 1 1\n2.jpg -1 -1\n"
    let expected: [Float] = [0, 1, 1, 1, 1, 0]
    for names in [["1.jpg", "2.png", "3.jpg"], ["a/1.jpg", "b/2.png", "b/3.PNG"]] {
      #expect(
        try listed(list, names) == .vectors(expected, dimension: 2, names: ["Smiling", "Bald"]))
    }
    #expect(
      try listed(list, ["1.jpg", "2.png", "no.png"], keeping: [1])
        == .vectors([1, 1], dimension: 2, names: ["Smiling", "Bald"]))
    // The whole path comes before the name.
    let paths = "image_id,A\n1.png,1\na/1.png,-1\n"
    #expect(
      try listed(paths, ["a/1.png", "b/1.png"]) == .vectors([0, 1], dimension: 1, names: ["A"]))
    #expect(try listed(paths, ["a\\1.png"]) == .vectors([0], dimension: 1, names: ["A"]))
  }

  @Test("a picture that is not in the list is an error that names it and counts the others")
  func unlisted() throws {
    let list = "2\nSmiling\n1.jpg 1\n2.png 1\n"
    let error = expectDatasetError("list.txt: damaged: expected a line for each picture") {
      _ = try listed(list, ["1.jpg", "2.jpg", "3.png", "x1.jpg", "1.webp"])
    }
    #expect((error?.index, error?.others, error?.found) == (1, 3, "none for 1.webp"))
  }

  @Test("a name with backslashes has its label under slashes")
  func backslashes() throws {
    let set = try labels(#"{"labels": [["b/c.png", 1]]}"#, ["b\\c.png"])
    #expect(set.label(at: 0) == [0, 1])
    expectDatasetError("none for b/c.png") {
      _ = try labels(#"{"labels": [["b\\c.png", 1]]}"#, ["b/c.png"])
    }
  }

  @Test("labels that are damaged are refused, unless they are not read")
  func damagedLabels() throws {
    try withScratchFolder { scratch in
      let deep = String(repeating: "[", count: 100_000)
      for text in ["", "[]", "{\"labels\": 1}", "{\"labels\": [[\"a.png\", -1]]}", deep] {
        let files = [("a.png", try png()), ("dataset.json", Array(text.utf8))]
        let path = try makeArchive(files, in: scratch)
        let error = expectDatasetError("set.zip/dataset.json: damaged") {
          _ = try ImageDataset(path: path)
        }
        #expect(error?.error.kind == .damaged)
        #expect(try ImageDataset(path: path, readsLabels: false).labelKind == .none)
      }
    }
  }

  @Test("a gigabyte of labels is refused before it is read")
  func largeLabels() throws {
    try withScratchFolder { scratch in
      let folder = try makeFolder([("a.png", png())], in: scratch)
      try put([], at: "\(folder)/dataset.json")
      #expect(truncate("\(folder)/dataset.json", 1 << 30) == 0)
      let before = residentBytes() ?? 0
      expectDatasetError("at most 134217728 bytes") { _ = try ImageDataset(path: folder) }
      #expect((residentBytes() ?? 0) - before < 1 << 26)
    }
  }

  @Test("labels that would inflate to gigabytes are refused before they do")
  func bomb() throws {
    try withScratchFolder { scratch in
      var entry = ZIPAssembler.Entry(
        "dataset.json", deflated: [UInt8](repeating: 0, count: 1 << 20), of: [])
      entry.setBoth { $0.byteCount = 200_000_000 }
      let path = "\(scratch)/set.zip"
      try put(ZIPAssembler([ZIPAssembler.Entry("a.png", png()), entry]).bytes, at: path)
      let before = residentBytes() ?? 0
      expectDatasetError("set.zip/dataset.json: damaged: expected at most 134217728 bytes") {
        _ = try ImageDataset(path: path)
      }
      #expect((residentBytes() ?? 0) - before < 1 << 26)
    }
  }

  // MARK: What is no data set

  @Test("pictures of other sizes are refused with the first and how many more")
  func sizes() throws {
    let files = [
      ("a.png", try png(16)), ("b.png", try png()), ("c.png", try png()), ("d.png", try png(4)),
      ("e.png", try png(8, channels: 1)),
    ]
    try withScratchFolder { scratch in
      let path = try makeFolder(files, in: scratch)
      let error = expectDatasetError(
        "set/a.png: does not fit: expected 8×8 RGB, as most pictures are"
      ) {
        _ = try ImageDataset(path: path)
      }
      #expect((error?.index, error?.others, error?.found) == (0, 2, "16×16 RGB"))
      let survey = PictureSurvey(try PictureFiles(path: path))
      #expect(survey.problems.map(\.index) == [0, 3, 4])
    }
  }

  @Test("sides are powers of two, or three times one from 12 on, such as the 48 of STL-10")
  func sides() {
    let allowed = [1, 2, 4, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024]
    #expect((-1...1024).filter(ImageShape.allows) == allowed)
  }

  @Test("no squares, no powers of two, grey with alpha: refused, all of them")
  func shapes() throws {
    try withScratchFolder { scratch in
      for content in [try png(8, height: 4), try png(10), try png(8, channels: 2)] {
        let path = try makeArchive([("a.png", content), ("b.png", content)], in: scratch)
        let error = expectDatasetError("a power of two or three times one, grey, RGB or RGBA") {
          _ = try ImageDataset(path: path)
        }
        #expect(error?.others == 1)
      }
    }
  }

  @Test("neither folder nor archive, nothing in it, no pictures in it")
  func nothing() throws {
    try withScratchFolder { scratch in
      let text = "\(scratch)/a.zip"
      try put(Array("hello".utf8), at: text)
      let empty = try makeFolder([("note.txt", [1])], in: scratch)
      let archive = try makeArchive([("note.txt", [1])], in: scratch)
      let kinds: [(String, FileError.Kind, String)] = [
        (text, .damaged, "a published CIFAR, STL-10 or MNIST, found text"),
        (empty, .doesNotFit, "found 1 other file"), (archive, .doesNotFit, "found 1 other file"),
        ("\(scratch)/absent", .missing, "missing"), ("/dev/zero", .unreadable, "a regular file"),
      ]
      for (path, kind, words) in kinds {
        let error = expectDatasetError(words) { _ = try ImageDataset(path: path) }
        #expect(error?.error.kind == kind)
      }
    }
  }

  @Test("files that are not what they are called, pipes and links to folders are refused by name")
  func lies() throws {
    try withScratchFolder { scratch in
      let folder = try makeFolder([("a.png", png()), ("b.gif", Array("GIF89a".utf8))], in: scratch)
      expectDatasetError("b.gif: damaged at byte 0: expected a PNG, JPEG or WebP picture") {
        _ = try ImageDataset(path: folder)
      }
      #expect(unlink("\(folder)/b.gif") == 0 && mkfifo("\(folder)/p.png", 0o600) == 0)
      expectDatasetError("p.png: unreadable: expected a regular file, found a pipe") {
        _ = try ImageDataset(path: folder)
      }
      #expect(unlink("\(folder)/p.png") == 0 && symlink(scratch, "\(folder)/link") == 0)
      expectDatasetError("found a link to a folder") { _ = try ImageDataset(path: folder) }
    }
  }

  @Test("a picture that is damaged behind its header is an error when it is decoded")
  func damagedPixels() throws {
    try withScratchFolder { scratch in
      var content = try png()
      content[60] ^= 1
      let path = try makeFolder([("a.png", png()), ("b.png", content)], in: scratch)
      let set = try ImageDataset(path: path)
      let error = expectDatasetError("set/b.png") { _ = try set.image(at: 1) }
      #expect(error?.index == 1 && error?.file == "\(path)/b.png")
      #expect(try set.image(at: 0).width == 8)
    }
  }

  @Test("names that lead out of an archive are refused as unsafe")
  func unsafe() throws {
    try withScratchFolder { scratch in
      for name in ["../a.png", "/a.png", "a\\b.png"] {
        let path = try makeArchive([(name, png())], in: scratch)
        let error = expectDatasetError("refused as unsafe") { _ = try ImageDataset(path: path) }
        #expect(error?.error.kind == .refusedAsUnsafe)
      }
    }
  }
}

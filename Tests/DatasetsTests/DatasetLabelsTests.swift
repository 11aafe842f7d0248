// Labels from folders and from files beside the pictures.

import Datasets
import Formats
import TestSupport
import Testing

@Suite("Labels of pictures")
struct DatasetLabelsTests {
  /// The labels that `make` gives to pictures of these names.
  private func labels(
    _ names: [String], _ make: (PictureFiles, String) throws -> DatasetLabels
  ) throws -> DatasetLabels {
    try withScratchFolder { scratch in
      let content = try png()
      return try make(
        PictureFiles(path: makeFolder(names.map { ($0, content) }, in: scratch)), scratch)
    }
  }

  private func fromFile(
    _ text: String, _ names: [String], keeping indices: [Int]? = nil
  ) throws -> DatasetLabels {
    try labels(names) { files, scratch in
      try put(Array(text.utf8), at: "\(scratch)/labels")
      return try DatasetLabels(
        file: "\(scratch)/labels", of: files, indices ?? Array(files.pictures.indices))
    }
  }

  @Test("each folder is a class, in the order of the names, which are kept; outer ones count")
  func folders() throws {
    let names = ["dog/1.png", "cat/2.png", "dog/more/3.png", "Bee/4.png"]
    // In order: Bee, cat, dog, dog.
    let all = try labels(names) { files, _ in try DatasetLabels(foldersOf: files, [0, 1, 2, 3]) }
    #expect(all == .classes([0, 1, 2, 2], count: 3, names: ["Bee", "cat", "dog"]))
    // Classes of pictures that are left out stay what they are.
    let some = try labels(names) { files, _ in try DatasetLabels(foldersOf: files, [1]) }
    #expect(some == .classes([1], count: 3, names: ["Bee", "cat", "dog"]))
    let error = expectDatasetError("a picture in a folder that is its class, found one in none") {
      _ = try labels(["a/1.png", "b.png", "c.png"]) { files, _ in
        try DatasetLabels(foldersOf: files, [0, 1, 2])
      }
    }
    #expect((error?.index, error?.others) == (1, 1))
  }

  @Test("labels of names: of paths, file names with or without their ending, or in order")
  func named() throws {
    try withScratchFolder { scratch in
      let file = "\(scratch)/labels"
      func labels(_ text: String, _ names: [String], _ count: Int) throws -> DatasetLabels {
        try put(Array(text.utf8), at: file)
        return try DatasetLabels(file: file, ofNames: names, count: count)
      }
      let table = "name,A,B\nb/c.png,3,4\na.jpg,1,2\n"
      let wanted = DatasetLabels.vectors([1, 2, 3, 4], dimension: 2, names: ["A", "B"])
      for names in [["a.jpg", "b/c.png"], ["a", "c"], ["a.png", "x/c.jpg"]] {
        let found = try labels(table, names, 2)
        #expect(found == wanted)
      }
      let inOrder = try labels(table, [], 2)
      #expect(inOrder == .vectors([3, 4, 1, 2], dimension: 2, names: ["A", "B"]))
      let list = "2\nA B\n000001.jpg 1 -1\n000002.jpg -1 1\n"
      let listed = try labels(list, ["000002"], 1)
      #expect(listed == .vectors([0, 1], dimension: 2, names: ["A", "B"]))
      let error = expectDatasetError("a label for each of 2 names, found none for d") {
        _ = try labels(table, ["a", "d"], 2)
      }
      #expect((error?.index, error?.others) == (1, 0))
      expectDatasetError("3 labels, in the order") { _ = try labels(table, [], 3) }
    }
  }

  @Test("a table, dataset.json and CelebA's list are told apart by what is in them")
  func kinds() throws {
    let names = ["a.png", "b/c.png"]
    #expect(
      try fromFile("a.png,cat\nc.png,ant\n", names)
        == .classes([1, 0], count: 2, names: ["ant", "cat"]))
    #expect(
      try fromFile("name,A,B\nb/c.png,3,4\na.jpg,1,2\n", names)
        == .vectors([1, 2, 3, 4], dimension: 2, names: ["A", "B"]))
    #expect(
      try fromFile(" {\"labels\": [[\"a.png\", 1], [\"b/c.png\", 0]]}", names)
        == .classes([1, 0], count: 2))
    #expect(try fromFile(#"{"labels": null}"#, names) == .none)
    #expect(
      try fromFile("2\nSmiling\na.jpg 1\nc.png -1\n", names)
        == .vectors([1, 0], dimension: 1, names: ["Smiling"]))
    // Only what is kept needs a label; classes without pictures stay.
    #expect(
      try fromFile("x.png,cat\na.png,ant\n", names, keeping: [0])
        == .classes([0], count: 2, names: ["ant", "cat"]))
  }

  @Test("pictures without a label, and files that are none, are errors that name the file")
  func refused() throws {
    let error = expectDatasetError("labels: damaged: expected a label for each picture") {
      _ = try fromFile("a.png,1\n", ["a.png", "b.png", "c.png"])
    }
    #expect((error?.index, error?.others, error?.found) == (1, 1, "none for b.png"))
    // dataset.json names pictures by their whole paths.
    expectDatasetError("none for b/c.png") {
      _ = try fromFile(#"{"labels": [["c.png", 1]]}"#, ["b/c.png"])
    }
    expectDatasetError("not recognised") { _ = try fromFile("hello", ["a.png"]) }
    expectDatasetError("missing") {
      _ = try labels(["a.png"]) { files, _ in try DatasetLabels(file: "/absent", of: files, [0]) }
    }
  }

  @Test("classes keep their names in dataset.json, and data sets tell them")
  func classNames() throws {
    let labels = DatasetLabels.classes([1, 0], count: 2, names: ["ant", "cat"])
    let file = labels.file(paths: ["0.png", "1.png"])
    #expect(
      file
        == LabelFile(paths: ["0.png", "1.png"], values: .classes([1, 0]), names: ["ant", "cat"]))
    #expect(labels.names == ["ant", "cat"] && labels[0] == [0, 1])
    try withScratchFolder { scratch in
      let text =
        #"{"labels": [["a.png", 1], ["b.png", 0]], "class_names": ["ant", "cat", "dog"]}"#
      let set = try ImageDataset(
        path: makeFolder(
          [("a.png", png()), ("b.png", png()), ("dataset.json", Array(text.utf8))], in: scratch))
      #expect(set.labelKind == .classes(3) && set.labelNames == ["ant", "cat", "dog"])
      #expect(set.label(at: 0) == [0, 1, 0])
    }
  }
}

// Data sets made of data sets as they are published, and labels from elsewhere.

import Datasets
import Formats
import Foundation
import TestSupport
import Testing
import Workbench

@Suite("Data sets of published ones")
struct PublishedSourceTests {
  /// CIFAR-10's training pictures of the classes 3, 0, 3, 0 and 2, one in each batch, and one test
  /// picture of the class 1.
  private func makeCIFAR(in scratch: String) throws -> String {
    let folder = "\(scratch)/cifar"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
    func records(_ classes: [UInt8], from first: Int) -> [UInt8] {
      classes.enumerated().flatMap { index, label in
        [label]
          + noise(width: 3072, height: 1, channels: 1, seed: UInt32(first + index)).pixels
      }
    }
    for (index, label) in [3, 0, 3, 0, 2].enumerated() {
      try put(
        records([UInt8(label)], from: index), at: "\(folder)/data_batch_\(index + 1).bin")
    }
    try put(records([1], from: 5), at: "\(folder)/test_batch.bin")
    let names = (0..<10).map { "class\($0)" }.joined(separator: "\n")
    try put(Array(names.utf8), at: "\(folder)/batches.meta.txt")
    return folder
  }

  private func pictures(_ numbers: [Int], in scratch: String, as name: (Int) -> String) throws
    -> String
  {
    let folder = "\(scratch)/photos"
    for number in numbers {
      let file = URL(filePath: "\(folder)/\(name(number))")
      try FileManager.default.createDirectory(
        at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      try PNG(image: noise(width: 8, height: 8, channels: 3, seed: UInt32(number)))
        .write(to: file.path)
    }
    return folder
  }

  /// Makes a data set of a part of CIFAR-10, and expects it to hold what the part holds.
  private func check(_ split: String?, classes: [Int], of source: String, at path: String) throws {
    var job = try DatasetCreateJob(source, to: path)
    job.split = split
    let summary = try job.run { _ in }
    #expect(summary.pictures == classes.count)
    #expect(summary.labels == "classes")
    let files = try PictureFiles(path: source, splits: PictureSplits(split ?? "train"))
    let old = try ImageDataset(files, PictureSurvey(files))
    let new = try ImageDataset(path: path)
    #expect(old.labelKind == new.labelKind)
    #expect(old.labelNames == new.labelNames)
    for (index, label) in classes.enumerated() {
      let (one, other) = (try new.image(at: index), try old.image(at: index))
      #expect(one == other)
      #expect(new.label(at: index)[label] == 1)
    }
  }

  @Test("CIFAR-10 keeps order, pixels, classes and their names; parts are chosen")
  func cifar() throws {
    try withScratchFolder { scratch in
      let source = try makeCIFAR(in: scratch)
      try check(nil, classes: [3, 0, 3, 0, 2], of: source, at: "\(scratch)/train.zip")
      try check("test", classes: [1], of: source, at: "\(scratch)/test.zip")
      try check("all", classes: [3, 0, 3, 0, 2, 1], of: source, at: "\(scratch)/all")
      let written = try PictureFiles(path: "\(scratch)/train.zip").labelFile()
      #expect(written?.names == (0..<10).map { "class\($0)" })
      #expect(written?.values == .classes([3, 0, 3, 0, 2]))
      // Classes that no picture shows are classes all the same.
      #expect(try ImageDataset(path: "\(scratch)/test.zip").labelKind == .classes(10))
    }
  }

  /// What is said when a data set cannot be made.
  private func refusal(
    _ source: String, in scratch: String, split: String? = nil, labels: String? = nil,
    attributes: String? = nil
  ) -> String {
    do {
      var job = try DatasetCreateJob(source, to: "\(scratch)/new.zip")
      (job.split, job.labels, job.attributes) = (split, labels, attributes)
      _ = try job.run { _ in }
      return "nothing"
    } catch {
      return "\(error)"
    }
  }

  @Test("parts and labels that cannot be are refused, and nothing is written")
  func refused() throws {
    try withScratchFolder { scratch in
      let source = try makeCIFAR(in: scratch)
      let photos = try pictures([1, 2], in: scratch) { "\($0).png" }
      let said = [
        refusal(source, in: scratch, split: "validation"),
        refusal(photos, in: scratch, split: "test"),
        refusal(source, in: scratch, split: "unlabeled"),
        refusal(photos, in: scratch, labels: "folders", attributes: "list.txt"),
        refusal(photos, in: scratch, labels: "folders"),
        refusal(photos, in: scratch, labels: "\(scratch)/none.csv"),
      ]
      let words = [
        "--split: expected all, or train, test and unlabeled with + between them",
        "--split: expected a source that is published in parts, such as CIFAR-10",
        "expected the part unlabeled of CIFAR-10, found train and test",
        "--labels: expected no --attributes beside it, found both",
        "expected a picture in a folder that is its class, found one in none",
        "none.csv: missing",
      ]
      for (text, part) in zip(said, words) { #expect(text.contains(part), "\(text)") }
      #expect(names(in: scratch) == ["cifar", "photos"])
    }
  }

  @Test("labels come from folders, from a table, or from nowhere")
  func labels() throws {
    try withScratchFolder { scratch in
      let photos = try pictures([1, 2, 3], in: scratch) { "\($0 == 2 ? "dog" : "cat")/\($0).png" }
      try put(
        Array(#"{"labels": [["cat/1.png", 5], ["cat/3.png", 5], ["dog/2.png", 0]]}"#.utf8),
        at: "\(photos)/dataset.json")
      try put(Array("1.png,0.5\n2.png,1\n3.png,-2\n".utf8), at: "\(scratch)/table.csv")
      for (from, text) in [
        (nil, #"0.png", 5], ["00000/img00000001.png", 5], ["00000/img00000002.png", 0]]}"#),
        (
          "folders",
          #"0.png", 0], ["00000/img00000001.png", 0], ["00000/img00000002.png", 1]], "class_names": ["cat", "dog"]}"#
        ),
        (
          "\(scratch)/table.csv",
          #"0.png", [0.5]], ["00000/img00000001.png", [-2.0]], ["00000/img00000002.png", [1.0]]]}"#
        ),
      ] {
        var job = try DatasetCreateJob(photos, to: "\(scratch)/new")
        job.labels = from
        _ = try job.run { _ in }
        let written = try ByteRegion(mapping: "\(scratch)/new/dataset.json").copy()
        #expect(
          String(decoding: written, as: UTF8.self) == "{\"labels\": [[\"00000/img0000000\(text)")
        try FileManager.default.removeItem(atPath: "\(scratch)/new")
      }
      var job = try DatasetCreateJob(photos, to: "\(scratch)/new")
      job.labels = "none"
      #expect(try job.run { _ in }.labels == "none")
      #expect(names(in: "\(scratch)/new") == ["00000"])
    }
  }

  @Test("an lmdb is a source, of the side that is asked for; inspect and verify know it")
  func lmdb() throws {
    try withScratchFolder { scratch in
      let pairs = try [(16, 0), (16, 1), (32, 0), (32, 1)].map { side, number in
        (
          "\(side)-0000\(number)",
          try PNG(image: noise(width: side, height: side, channels: 3, seed: UInt32(number)))
            .encoded()
        )
      }
      try put(
        LMDBAssembler(pairs + [("length", Array("2".utf8))]).bytes, at: "\(scratch)/data.mdb")
      for (size, side) in [("16", 16), ("8", 16), (nil, 32)] {
        let path = "\(scratch)/\(size ?? "all").zip"
        _ = try DatasetCreateJob("\(scratch)/data.mdb", to: path, size: size).run { _ in }
        let picture = noise(width: side, height: side, channels: 3, seed: 1)
        let made = try ImageDataset(path: path).image(at: 1)
        #expect(made == picture.resized(width: made.width, height: made.width, filter: .lanczos))
        #expect("\(made.width)" == size ?? "32")
      }
      let report = try DatasetInspectJob("\(scratch)/data.mdb").run(outdir: nil).report
      #expect(report.form == "lmdb" && report.pictures == 2 && report.formats == ["PNG": 2])
      #expect(try DatasetVerifyJob("\(scratch)/data.mdb").run { _ in }.failure == nil)
    }
  }

  @Test("pictures of another size than CelebA's are refused by celeba-crop")
  func celebA() throws {
    try withScratchFolder { scratch in
      let photos = try pictures([1, 2], in: scratch) { "\($0).png" }
      let job = try DatasetCreateJob(photos, to: "\(scratch)/new", crop: "celeba-crop", size: "64")
      let error = #expect(throws: DatasetError.self) { try job.plan() }
      #expect(error?.expected == "178×218, as CelebA's aligned pictures are")
      #expect(error?.others == 1 && error?.found == "8×8 RGB")
    }
  }
}

// Jobs that make data sets and look into them: what is written, what is found, and nothing halfway.

import Datasets
import Formats
import Foundation
import Synchronization
import TestSupport
import Testing
import Workbench

@Suite("Data set jobs")
struct DatasetJobTests {
  /// Writes pictures of noise into a folder, and labels if there are any.
  private func source(
    _ sizes: [(name: String, width: Int, height: Int)], labels: String? = nil, in scratch: String
  ) throws -> String {
    let folder = "\(scratch)/photos"
    for (index, (name, width, height)) in sizes.enumerated() {
      let file = URL(filePath: "\(folder)/\(name)")
      try FileManager.default.createDirectory(
        at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      let picture = noise(width: width, height: height, channels: 3, seed: UInt32(index))
      try PNG(image: picture).write(to: file.path)
    }
    if let labels { try put(Array(labels.utf8), at: "\(folder)/dataset.json") }
    return folder
  }

  private func bytes(_ path: String) throws -> [UInt8] { try ByteRegion(mapping: path).copy() }

  // MARK: Create

  @Test("pictures and labels are written as published, into archives and folders alike")
  func create() throws {
    try withScratchFolder { scratch in
      let labels = #"{"labels": [["b.png", 2], ["a/x.png", 0], ["a.png", 1]]}"#
      let source = try source(
        [("b.png", 20, 16), ("a/x.png", 9, 30), ("a.png", 16, 16)], labels: labels, in: scratch)
      for destination in ["\(scratch)/new/set.zip", "\(scratch)/new/set"] {
        let job = try DatasetCreateJob(source, to: destination, crop: "center-crop", size: "16")
        let steps = Mutex<[Int]>([])
        let summary = try job.run { step in steps.withLock { $0.append(step.done) } }
        #expect(steps.withLock(\.self) == [1, 2, 3])
        #expect((summary.pictures, summary.resolution, summary.channels) == (3, 16, 3))
        let set = try ImageDataset(path: destination)
        let names = (0..<3).map { "00000/img0000000\($0).png" }
        #expect(set.files.pictures == names && set.files.otherFiles.isEmpty)
        let transform = PictureTransform(crop: .center, size: .init(width: 16, height: 16))
        // The published tool takes a/x.png before a.png.
        for (index, old) in [(1, 9, 30), (2, 16, 16), (0, 20, 16)].enumerated() {
          let picture = noise(
            width: old.1, height: old.2, channels: 3, seed: UInt32(old.0))
          #expect(try set.image(at: index) == transform(picture))
        }
        #expect(set.labelKind == .classes(3))
        #expect((0..<3).map(set.label) == [[1, 0, 0], [0, 1, 0], [0, 0, 1]])
      }
      let text = String(decoding: try bytes("\(scratch)/new/set/dataset.json"), as: UTF8.self)
      let pairs = (0..<3).map { "[\"00000/img0000000\($0).png\", \($0)]" }
      #expect(text == "{\"labels\": [\(pairs.joined(separator: ", "))]}")
      #expect(names(in: "\(scratch)/new") == ["set", "set.zip"])
    }
  }

  @Test("the same source gives the same bytes, with any number of threads")
  func deterministic() throws {
    try withScratchFolder { scratch in
      let source = try source((0..<9).map { ("\($0).png", 10, 12) }, in: scratch)
      for threads in [0, 1, 3] {
        var job = try DatasetCreateJob(source, to: "\(scratch)/\(threads).zip", size: "8")
        job.threads = threads
        _ = try job.run { _ in }
      }
      let first = try bytes("\(scratch)/0.zip")
      #expect(try bytes("\(scratch)/1.zip") == first && bytes("\(scratch)/3.zip") == first)
    }
  }

  @Test("only the first pictures are taken, and only they need to fit")
  func maxImages() throws {
    try withScratchFolder { scratch in
      let source = try source([("a.png", 8, 8), ("b.png", 8, 8), ("c.png", 9, 9)], in: scratch)
      var job = try DatasetCreateJob(source, to: "\(scratch)/set.zip")
      #expect(throws: DatasetError.self) { try job.plan() }
      job.maxImages = 2
      #expect(try job.run { _ in }.pictures == 2)
      job.maxImages = 0
      #expect(throws: RequestError.self) { try job.plan() }
    }
  }

  @Test("pictures too small for center-crop-wide are left out by name, and leave a gap")
  func leftOut() throws {
    try withScratchFolder { scratch in
      let source = try source([("a.png", 16, 12), ("b.png", 8, 6), ("c.png", 32, 24)], in: scratch)
      let job = try DatasetCreateJob(
        source, to: "\(scratch)/set.zip", crop: "center-crop-wide", size: "16x8")
      let summary = try job.run { _ in }
      #expect(summary.leftOut == ["b.png"] && summary.pictures == 2)
      let set = try ImageDataset(path: "\(scratch)/set.zip")
      #expect(set.files.pictures == ["00000/img00000000.png", "00000/img00000002.png"])
    }
  }

  @Test("a bad picture, or none, makes no data set and leaves nothing")
  func bad() throws {
    try withScratchFolder { scratch in
      let source = try source([("a.png", 8, 8), ("b.png", 8, 8)], in: scratch)
      var content = try bytes("\(source)/b.png")
      content[content.count - 20] ^= 1
      try put(content, at: "\(source)/b.png")
      for destination in ["\(scratch)/set.zip", "\(scratch)/set"] {
        let job = try DatasetCreateJob(source, to: destination)
        let error = #expect(throws: DatasetError.self) { try job.run { _ in } }
        #expect(error?.file == "\(source)/b.png" && error?.index == 1)
      }
      #expect(names(in: scratch) == ["photos"])
    }
  }

  @Test("a cancelled job leaves nothing", arguments: ["set.zip", "set"])
  func cancelled(name: String) async throws {
    try await withScratchFolder { scratch in
      let source = try source((0..<6).map { ("\($0).png", 8, 8) }, in: scratch)
      let job = try DatasetCreateJob(source, to: "\(scratch)/\(name)")
      let work = Task {
        try job.run { step in
          if step.done == 3 { withUnsafeCurrentTask { $0?.cancel() } }
        }
      }
      await #expect(throws: CancellationError.self) { _ = try await work.value }
      #expect(names(in: scratch) == ["photos"])
    }
  }

  @Test("nothing is replaced, not even what appears meanwhile", arguments: ["set.zip", "set"])
  func notReplaced(name: String) throws {
    try withScratchFolder { scratch in
      let source = try source([("a.png", 8, 8)], in: scratch)
      let job = try DatasetCreateJob(source, to: "\(scratch)/\(name)")
      expect(.cannotCreate, says: "a free name") {
        _ = try job.run { _ in try? put([1], at: "\(scratch)/\(name)") }
      }
      #expect(try bytes("\(scratch)/\(name)") == [1])
      expect(.cannotCreate, says: "a free name") { _ = try job.plan() }
      #expect(names(in: scratch) == ["photos", name])
    }
  }

  @Test("transforms that cannot be are refused")
  func requests() {
    for (crop, size, filter, words) in [
      ("center", "8", "box", "center-crop-wide, pad or celeba-crop, found center"),
      ("stretch", nil, "box", "a resolution with stretch"), ("pad", nil, "box", "with pad"),
      ("center-crop", nil, "box", "a resolution with center-crop"),
      ("center-crop-wide", "8x16", "box", "a height of at most the width"),
      (nil, "8x", "box", "a size such as"), (nil, "0", "box", "a size such as"),
      (nil, "99999", "box", "a size such as"), (nil, "1x2x3", "box", "a size such as"),
      (nil, nil, "cubic", "bicubic, hamming, lanczos or area, found cubic"),
      (nil, "80", "box", "a power of two, such as 256, or three times one, found 80"),
    ] as [(String?, String?, String, String)] {
      let error = #expect(throws: RequestError.self) {
        _ = try DatasetCreateJob("a", to: "b", crop: crop, size: size, filter: filter)
      }
      #expect(error?.description.contains(words) == true, "\(error?.description ?? "")")
    }
  }

  // MARK: Portraits

  @Test("portraits are written with labels, attributes and factors that are true of them")
  func portraits() throws {
    try withScratchFolder { scratch in
      var job = try PortraitsJob(
        count: 12, resolution: 16, seed: 7, picturesPerIdentity: 3, attributes: ["Smiling"],
        to: "\(scratch)/faces")
      job.sheet = "\(scratch)/out/faces.png"
      let summary = try job.run { _ in }
      #expect(summary.pictures == 12 && summary.labels == "classes")
      let set = try ImageDataset(path: "\(scratch)/faces")
      let drawn = job.dataset
      #expect(set.count == 12 && set.labelKind == .classes(2))
      #expect(set.files.otherFiles == ["attributes.csv", "factors.csv"])
      for index in 0..<12 {
        #expect(try set.image(at: index) == drawn.image(at: index))
        #expect(set.label(at: index) == drawn.label(at: index))
      }
      let attributes = try table("\(scratch)/faces/attributes.csv")
      let factors = try table("\(scratch)/faces/factors.csv")
      #expect(attributes.count == 13 && factors.count == 13)
      #expect(factors[0].prefix(3) == ["image_id", "identity_seed", "nuisance_seed"])
      for index in 0..<12 {
        let portrait = drawn.portrait(at: index)
        #expect(
          attributes[index + 1][0] == "00000/img\(String(100_000_000 + index).dropFirst()).png")
        for (place, attribute) in PortraitAttribute.allCases.enumerated() {
          #expect(attributes[0][place + 1] == attribute.rawValue)
          #expect(attributes[index + 1][place + 1] == (portrait[attribute] ? "1" : "-1"))
        }
        #expect(
          factors[index + 1][1] == "\(7 + index / 3)" && factors[index + 1][2] == "\(7 + index)")
        for (place, factor) in PortraitFactor.allCases.enumerated() {
          #expect(Float(factors[index + 1][place + 3]) == portrait[factor])
        }
      }
      #expect(try PNG(path: "\(scratch)/out/faces.png").image.width == 4 * 16)
    }
  }

  private func table(_ path: String) throws -> [[String]] {
    String(decoding: try bytes(path), as: UTF8.self).split(separator: "\n").map {
      $0.split(separator: ",").map(String.init)
    }
  }

  @Test("portraits that cannot be are refused")
  func portraitRequests() {
    func refused(
      _ words: String, count: Int = 1, resolution: Int = 64, each: Int = 1, _ names: [String] = []
    ) {
      let error = #expect(throws: RequestError.self) {
        _ = try PortraitsJob(
          count: count, resolution: resolution, seed: 0, picturesPerIdentity: each,
          attributes: names, to: "a.zip")
      }
      #expect(error?.description.contains(words) == true, "\(error?.description ?? "")")
    }
    refused("count: expected 1 to 100,000,000, found 0", count: 0)
    refused("a power of two from 8 to 1024, found 65", resolution: 65)
    refused("per-identity", each: 0)
    refused("did you mean Smiling?", ["Smilng"])
    refused("Bald twice", ["Bald", "Bald"])
  }

  // MARK: Inspect and verify

  @Test("inspect counts sizes, formats and labels, and lists what does not fit")
  func inspect() throws {
    try withScratchFolder { scratch in
      let labels = #"{"labels": [["a.png", 0], ["b.png", 2], ["c.png", 2], ["gone.png", 1]]}"#
      let source = try source(
        [("a.png", 8, 8), ("b.png", 8, 8), ("c.png", 9, 8)], labels: labels, in: scratch)
      try put([1], at: "\(source)/note.txt")
      let outcome = try DatasetInspectJob(source).run(outdir: "\(scratch)/out")
      let report = outcome.report
      #expect((report.name, report.form, report.pictures) == ("photos", "folder", 3))
      #expect(report.formats == ["PNG": 3] && report.otherFiles == 1)
      #expect(report.sizes.map(\.width) == [8, 9] && report.sizes.map(\.pictures) == [2, 1])
      #expect(report.labels?.counts == [1, 0, 2] && report.labels?.absent == ["gone.png"])
      #expect(report.problems.map(\.file) == ["\(source)/c.png"])
      let size = try ["a", "b", "c"].reduce(0) { try $0 + bytes("\(source)/\($1).png").count }
      #expect(report.bytes == size)
      #expect(outcome.sheet == "\(scratch)/out/photos-sheet.png")
      let sheet = try PNG(path: "\(scratch)/out/photos-sheet.png").image
      #expect((sheet.width, sheet.height, sheet.channels) == (18, 18, 3))
      #expect(names(in: source) == ["a.png", "b.png", "c.png", "dataset.json", "note.txt"])
    }
  }

  @Test("verify decodes everything, lists every bad file with its reason, and finds equal pictures")
  func verify() throws {
    try withScratchFolder { scratch in
      let folder = try source(
        [("a.png", 8, 8), ("b.png", 8, 8), ("c.png", 8, 8), ("d.png", 9, 8), ("e.png", 8, 8)],
        in: scratch)
      var content = try bytes("\(folder)/b.png")
      content[content.count - 20] ^= 1
      try put(content, at: "\(folder)/b.png")
      try put(Array("hello".utf8), at: "\(folder)/f.jpg")
      let picture = try PNG(path: "\(folder)/a.png").image
      try WebP.write(picture, quality: .lossless, to: "\(folder)/g.webp")
      for threads in [1, 3] {
        var job = DatasetVerifyJob(folder)
        job.threads = threads
        let done = Mutex(0)
        let outcome = try job.run { step in done.withLock { $0 = step.done } }
        #expect(done.withLock(\.self) == 7)
        #expect(
          outcome.report.problems.map(\.file)
            == ["b.png", "d.png", "f.jpg"].map { "\(folder)/\($0)" })
        #expect(outcome.report.problems[2].reason.contains("found text"))
        #expect(outcome.duplicates == [["a.png", "g.webp"]])
        #expect(outcome.failure?.contains("3 bad files; 7 pictures in all") == true)
      }
    }
  }

  @Test("verify holds for what create wrote, and not for labels without pictures")
  func verifyLabels() throws {
    try withScratchFolder { scratch in
      let source = try source([("a.png", 8, 8), ("b.png", 8, 8)], in: scratch)
      _ = try DatasetCreateJob(source, to: "\(scratch)/set.zip").run { _ in }
      #expect(try DatasetVerifyJob("\(scratch)/set.zip").run { _ in }.failure == nil)
      let texts: [(String, String)] = [
        (
          #"{"labels": [["a.png", 0], ["b.png", 1], ["c.png", 1]]}"#,
          "1 label without a picture; 2 pictures in all"
        ),
        (#"{"labels": [["a.png", 0]]}"#, "1 bad file; 2 pictures in all"),
        ("{", "1 bad file; 2 pictures in all"),
      ]
      for (text, words) in texts {
        try put(Array(text.utf8), at: "\(source)/dataset.json")
        let outcome = try DatasetVerifyJob(source).run { _ in }
        #expect(outcome.failure?.contains(words) == true, "\(outcome.failure ?? "")")
      }
    }
  }

  @Test("what is no data set at all is damaged, missing, or does not fit")
  func nothing() throws {
    try withScratchFolder { scratch in
      try put(Array("hello".utf8), at: "\(scratch)/a.zip")
      for (path, kind) in [(scratch + "/a.zip", FileError.Kind.damaged), (scratch, .doesNotFit)] {
        expect(kind) { _ = try DatasetVerifyJob(path).run { _ in } }
        expect(kind) { _ = try DatasetInspectJob(path).run(outdir: nil) }
      }
      expect(.missing) { _ = try DatasetVerifyJob("\(scratch)/absent").run { _ in } }
    }
  }
}

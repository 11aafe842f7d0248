// `stylist dataset` with data sets as they are published: what is written, and what is refused.

import Foundation
import Formats
import TestSupport
import Testing

@Suite("Published data sets at the command line")
struct PublishedDatasetCommandTests {
  private func dataset(_ arguments: [String], in folder: String) async throws -> Outcome {
    try await stylist(["dataset"] + arguments, in: folder)
  }

  /// A batch of CIFAR-10's with these classes.
  private func batch(_ classes: [UInt8]) -> [UInt8] {
    classes.flatMap { label in
      [label] + noise(width: 3072, height: 1, channels: 1, seed: UInt32(label)).pixels
    }
  }

  @Test(
    "an archive of CIFAR-10 becomes a data set with classes, at another size, or is looked into")
  func cifar() async throws {
    try await withScratchFolder { folder in
      func makeArchive(without missing: Int? = nil) -> [UInt8] {
        let batches = (1...5).filter { $0 != missing }.map { number in
          TarAssembler.Entry(
            "cifar-10-batches-bin/data_batch_\(number).bin",
            batch(number == 1 ? [1, 0, 1] : [UInt8(number)]))
        }
        return TarAssembler(
          batches + [.init("cifar-10-batches-bin/test_batch.bin", batch([2]))]
        ).bytes
      }
      let archive = makeArchive()
      try put(gzip(deflateStored(archive), of: archive), at: "\(folder)/cifar-10-binary.tar.gz")
      let source = "--source=cifar-10-binary.tar.gz"
      let made = try await dataset(
        ["create", source, "--dest=a.zip", "--resolution=16", "--resize-filter=area"], in: folder)
      #expect(
        made.stdout == "a.zip: 7 pictures, 16×16 RGB, labels: classes, 10\n", "\(made.stderr)")
      let test = try await dataset(
        ["create", source, "--dest=b", "--split=test", "-n"], in: folder)
      #expect(
        test.stdout == "would write b: 1 picture, 32×32 RGB, labels: classes, 10\n",
        "\(test.stderr)")
      let inspected = try await dataset(["inspect", "cifar-10-binary.tar.gz"], in: folder)
      #expect(
        inspected.stdout.hasPrefix(
          "cifar-10-binary.tar.gz: CIFAR-10, 7 pictures, 21,504 bytes\n  32×32 RGB: 7 pictures\n"
            + "  labels: 10 classes, pictures 0: 1, 1: 2, 2: 1, 3: 1, 4: 1, 5: 1, 6: 0, 7: 0, "
            + "8: 0, 9: 0\n  names of the classes: airplane, "), "\(inspected.stdout)")
      let verified = try await dataset(["verify", "cifar-10-binary.tar.gz"], in: folder)
      #expect(verified.exitCode == 0, "\(verified.stderr)")
      #expect(
        verified.stdout.contains(
          "the same picture: data_batch_1.bin/00000, data_batch_1.bin/00002"))
      try put(makeArchive(without: 3), at: "\(folder)/b.tar")
      expect(
        try await dataset(["create", "--source=b.tar", "--dest=c.zip"], in: folder), endsWith: 66,
        saying: "expected the 5 files of CIFAR-10's part train, found no data_batch_3.bin;")
      #expect(names(in: folder) == ["a.zip", "b.tar", "cifar-10-binary.tar.gz"])
    }
  }

  @Test("a training can be planned on a published data set as it is")
  func training() async throws {
    try await withScratchFolder { folder in
      try FileManager.default.createDirectory(
        atPath: "\(folder)/cifar", withIntermediateDirectories: false)
      try put(batch([1, 0, 1]), at: "\(folder)/cifar/data_batch_1.bin")
      let planned = try await stylist(
        ["train", "gan", "--data=cifar/data_batch_1.bin", "--outdir=runs", "--cond", "-n"],
        in: folder)
      #expect(planned.exitCode == 0, "\(planned.stderr)")
      #expect(names(in: folder) == ["cifar"])
    }
  }

  @Test(
    "hostile batches, databases and archives are one line with their exit code, and nothing else")
  func hostile() async throws {
    try await withScratchFolder { folder in
      let canary = "\(folder)/canary"
      for name in ["pickles", "lmdb", "words", "batches"] {
        try FileManager.default.createDirectory(
          atPath: "\(folder)/\(name)", withIntermediateDirectories: false)
      }
      try put(
        PickleAssembler().call("os", "system") { $0.text("touch \(canary)") }.ops(".").bytes,
        at: "\(folder)/pickles/data_batch_1")
      let database = LMDBAssembler(
        (0..<20).map { ("\(100 + $0)", [UInt8](repeating: UInt8($0), count: 3000)) }
      ).bytes
      try put(Array(database.prefix(database.count * 2 / 3)), at: "\(folder)/lmdb/data.mdb")
      try put(batch([1, 11]), at: "\(folder)/batches/data_batch_1.bin")
      try put(
        TarAssembler([
          .init("a/data_batch_1.bin", batch([1])), .init("../x", [1]),
        ]).bytes, at: "\(folder)/up.tar")
      try put(
        try PNG(image: noise(width: 8, height: 8, channels: 3, seed: 1)).encoded(),
        at: "\(folder)/words/a.png")
      try put(Array("a.png,1,x\n".utf8), at: "\(folder)/labels.csv")
      let before = names(in: folder)
      let runs: [(Int32, [String], String)] = [
        (77, ["--source=pickles/data_batch_1"], "pickles/data_batch_1: refused as unsafe"),
        (65, ["--source=lmdb"], "lmdb/data.mdb: damaged at byte"),
        (
          65, ["--source=batches/data_batch_1.bin"],
          "batches/data_batch_1.bin: damaged at byte 3073: expected a class"
        ),
        (77, ["--source=up.tar"], "up.tar: refused as unsafe"),
        (65, ["--source=words", "--labels=labels.csv"], "number 2 of a.png in line 1, found x"),
        (66, ["--source=words", "--labels=absent.csv"], "absent.csv: missing"),
        (65, ["--source=words", "--labels=folders"], "a picture in a folder that is its class"),
        (64, ["--source=words", "--split=test"], "--split: expected a source that is published"),
        (64, ["--source=words", "--split=dev"], "--split: expected all, or train, test"),
        (
          64, ["--source=words", "--labels=none", "--attributes=labels.csv"],
          "--labels: expected no --attributes"
        ),
      ]
      for (code, arguments, words) in runs {
        let outcome = try await dataset(["create", "--dest=new.zip"] + arguments, in: folder)
        #expect(outcome.exitCode == code, "\(arguments): \(outcome.stderr)")
        #expect(outcome.stderr.contains(words), "\(outcome.stderr)")
        #expect(outcome.stderr.split(separator: "\n").count == 1, "\(outcome.stderr)")
      }
      #expect(names(in: folder) == before)
    }
  }
}

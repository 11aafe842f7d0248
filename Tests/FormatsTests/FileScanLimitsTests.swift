// Looking through files: where Python would stop, and what is too long, too large or not supported.

import Formats
import Foundation
import TestSupport
import Testing

@Suite("Scanning: ends and limits")
struct FileScanLimitsTests {
  private let call = Array("cos\nsystem\n(Vid\ntR.".utf8)
  private let os = [PickleGlobal("os", "system")]

  private func scan(_ bytes: [UInt8]) -> FileScan { FileScan(ByteRegion(bytes, name: "test")) }

  // MARK: Persistent ids and extension codes

  @Test("a persistent id ends a pickle that no program reads knowing ids")
  func persistentIDs() {
    for start in [Array("Pid\n0".utf8), Array("Vid\nQ0".utf8), [0x80, 2, 0x4E, 0x51, 0x30]] {
      #expect(scan(start + call).names.isEmpty)
      #expect(!scan(start + call).isUnsafe)
      #expect(scan(ZIPAssembler([("a.txt", start + call)]).bytes).names.isEmpty)
      // What Python has looked up before counts.
      #expect(scan(Array("cos\nsystem\n0".utf8) + start).unknownNames == os)
    }
  }

  @Test("torch knows persistent ids in the object of a file of any form")
  func torchIDs() {
    for start in [Array("Pid\n0".utf8), Array("Vid\nQ0".utf8)] {
      // Behind a magic number, however it is written, two pickles, and then the object.
      let legacy = Array("I0x1950a86a20f9469cfc6c\n.I1001\n.}.".utf8) + start + call
      #expect(scan(legacy).unknownNames == os)
      for name in ["a/data.pkl", "a/DATA.PKL", "a/constants.pkl"] {
        #expect(scan(ZIPAssembler([(name, start + call)]).bytes).unknownNames == os, "\(name)")
        let more = [(name, start + call), ("other", [])]
        #expect(scan(ZIPAssembler(more).bytes).unknownNames == os, "\(name)")
      }
      let tar = TorchTarAssembler([1], pickle: start + call).region
      #expect(scan(tar.copy()).unknownNames.contains(os[0]))
      let object = TorchFileAssembler([1])
      let zip = object.zip { $0[0].content = start + call }
      #expect(scan(zip.copy()).unknownNames == os)
    }
  }

  @Test("other archives' first bytes, which read as a persistent id, mention nothing")
  func otherArchives() {
    // A class file from a JAR: behind PK, a line feed, and then EXT4 and whatever follows.
    let content = Array("\n".utf8) + [0x84, 1, 2, 0, 0] + call
    let archive = ZIPAssembler([("META-INF/MANIFEST.MF", Array("a\n".utf8)), ("A.class", content)])
    #expect(scan(archive.bytes).names.isEmpty && scan(archive.bytes).refusal == nil)
  }

  @Test("an extension code counts in a pickle and makes none of other content")
  func extensions() {
    #expect(scan([0x82, 1, 0x2E]).unknownNames == [PickleGlobal("copyreg", "extension 1")])
    #expect(scan([0x82, 1, 0x30] + call).unknownNames.count == 2)
    #expect(scan([0x82, 1, 0xFF]).form == .unknown)
    for none in [[0x82, 0], [0x83, 0, 0], [0x84, 0xFF, 0xFF, 0xFF, 0xFF]] as [[UInt8]] {
      #expect(scan(none + [0x30] + call).names.isEmpty)
    }
  }

  // MARK: Limits

  @Test(
    "a file of nothing but zeros behind its start ends soon, however long it is",
    arguments: [
      ("c", FileForm.unknown, nil), ("ca", .unknown, nil), ("P", .unknown, nil),
      ("I", .pickle, FileError.Kind.refusedAsUnsafe), ("V", .pickle, .refusedAsUnsafe),
      ("cos\n", .pickle, .refusedAsUnsafe), ("\u{80}\u{2}V", .pickle, .refusedAsUnsafe),
      ("Iam", .unknown, nil), ("PK\u{3}\u{4}", .zip, .damaged),
      ("\u{80}\u{4}\u{8E}", .pickle, .damaged),
    ])
  func zeros(start: String, form: FileForm, kind: FileError.Kind?) throws {
    try withScratchFolder { folder in
      let path = "\(folder)/file"
      try sparse(start.unicodeScalars.map { UInt8($0.value) }, at: path)
      let scan = try FileScan(of: path)
      #expect(scan.form == form)
      #expect(scan.refusal?.kind == kind)
    }
  }

  @Test("zeros behind a tar archive's entry are its end, and only so many may follow")
  func tarZeros() throws {
    try withScratchFolder { folder in
      var archive = TarAssembler([.init("a", [1])])
      archive.end = []
      try sparse(archive.bytes, at: "\(folder)/file")
      let scan = try FileScan(of: "\(folder)/file")
      #expect(scan.form == .tar)
      #expect(scan.refusal?.description.contains("after the mark") == true)
    }
  }

  /// A file of 256 GB that takes no room.
  private func sparse(_ start: [UInt8], at path: String) throws {
    try Data(start).write(to: URL(fileURLWithPath: path))
    let file = try #require(FileHandle(forWritingAtPath: path))
    try file.truncate(atOffset: 1 << 38)
    try file.close()
  }

  @Test("pickles of too many instructions are refused, by the reader as damaged")
  func instructions() {
    let loop = (0..<1 << 22).flatMap { _ in [0x80, 2, 0x80, 3] as [UInt8] } + call
    #expect(scan(loop).refusal?.kind == .refusedAsUnsafe)
    var limits = PickleLimits()
    limits.instructions = 3
    let read = { (text: String) in
      try PickleReader(
        ByteRegion(Array(text.utf8), name: "test"), allowing: PickleAllowList([]), limits: limits
      ).readWhole()
    }
    #expect(throws: Never.self) { try read("N.") }
    expect(.damaged, says: "at most 3 instructions") { _ = try read("N0N.") }
  }

  @Test("a long line is read, and one that is too long is not")
  func lines() {
    let most = PickleLimits().stringBytes
    let line = [UInt8](repeating: 0x61, count: most)
    #expect(scan(Array("V".utf8) + line + Array("\n0".utf8) + call).unknownNames == os)
    let long = scan(Array("V".utf8) + line + Array("a\n0".utf8) + call)
    #expect(long.isUnsafe && long.unknownNames.isEmpty)
  }

  @Test("work on a file ends when its task is cancelled")
  func cancellation() async {
    let archive = ZIPAssembler([("a", [0]), ("b", call)]).bytes
    let task = Task {
      withUnsafeCurrentTask { $0?.cancel() }
      return (scan(archive), scan(TarAssembler([.init("b", call)]).bytes))
    }
    let (zip, tar) = await task.value
    #expect(zip.unknownNames.isEmpty && zip.refusal?.kind == .ioFailed)
    #expect(tar.unknownNames.isEmpty && tar.refusal?.kind == .ioFailed)
  }

  // MARK: What is not supported

  @Test("what is whole and not supported is no danger, if nothing else in the file is")
  func unsupported() {
    var complex = TorchFileAssembler([1])
    complex.storageClass = "ComplexFloatStorage"
    var big = TorchFileAssembler([1])
    big.littleEndianFlag = false
    let files = [complex.zip().copy(), complex.legacyBytes, big.legacyBytes, packed(complex)]
    for file in files {
      #expect(scan(file).refusal?.kind == .unsupported)
      #expect(scan(file).unknownNames.isEmpty && !scan(file).isUnsafe)
      let archive = [("a", file), ("b", call)]
      #expect(scan(ZIPAssembler(archive).bytes).unknownNames == os)
      let damaged = [("a", file), ("b", [0x80, 2, 0x4E])]
      #expect(scan(ZIPAssembler(damaged).bytes).refusal?.kind == .damaged)
    }
  }

  /// The zip form with a compressed pickle.
  private func packed(_ file: TorchFileAssembler) -> [UInt8] {
    var archive = ZIPAssembler(file.zipFiles)
    let (name, content) = file.zipFiles[0]
    archive.entries[0] = .init(name, deflated: deflateStored(content), of: content)
    return archive.bytes
  }

  @Test("what is not supported does not hide what is unsafe")
  func hidden() {
    let load = { (pickle: PickleAssembler, storage: (PickleAssembler) -> PickleAssembler) in
      pickle.op(0x29).then(storage).op(0x86).call("torch.storage", "_load_from_bytes") {
        $0.bytes(Array("cos\nsystem\n)R.".utf8))
      }.op(0x86)
    }
    var complex = TorchFileAssembler([1])
    complex.storageClass = "ComplexFloatStorage"
    var big = TorchFileAssembler([1])
    big.littleEndianFlag = false
    for var file in [complex, big] {
      let inner = file.legacyBytes
      file.object = load
      for bytes in [file.legacyBytes, packed(file), file.zip().copy()] {
        #expect(scan(bytes).refusal != nil && scan(bytes).refusal?.kind != .unsupported)
      }
      // A file inside a call is not given up for the sake of the next.
      let embedded = PickleAssembler().call("torch.storage", "_load_from_bytes") { $0.bytes(inner) }
      #expect(scan(embedded.region.copy()).refusal?.kind == .damaged)
    }
  }
}

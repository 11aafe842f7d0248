// What files are, told by their content, and files that are two things at once.

import Formats
import TestSupport
import Testing

@Suite("Forms of files")
struct FileFormTests {
  private let call = Array("cos\nsystem\n(Vid\ntR.".utf8)
  private let os = [PickleGlobal("os", "system")]

  private func scan(_ bytes: [UInt8]) -> FileScan { FileScan(ByteRegion(bytes, name: "test")) }

  private func latin1(_ text: String) -> [UInt8] { text.unicodeScalars.map { UInt8($0.value) } }

  // MARK: No pickles

  @Test(
    "pictures, videos, documents and text are no pickles",
    arguments: [
      ("\u{89}PNG\r\n\u{1A}\n\0\0\0\rIHDR", "a PNG picture"),
      ("\u{FF}\u{D8}\u{FF}\u{E0}\0\u{10}JFIF", "a JPEG picture"),
      ("RIFF\u{10}\0\0\0WEBPVP8 ", "a WebP picture"),
      ("GIF89a\u{1}\0\u{1}\0\u{80}\0\0", "a GIF picture"), ("%PDF-1.7\n", "a PDF document"),
      ("\0\0\0\u{18}ftypisom", "a video"), ("# Stylist\n\nStylist is a program.\n", "text"),
      ("{\"a\": [1, 2]}\n", "text"), ("Copyright 2020 of somebody\nAll rights reserved.\n", "text"),
      ("(c) 2020 of somebody\nAll rights reserved.\n", "text"),
      ("class, name\n0, cat\n1, dog\n", "text"), ("import os\nos.system('id')\n", "text"),
      ("This is a text.\n", "text"), ("I am one\ncos\nsystem\n)R.", "text"),
      ("Says a text\n", "text"), ("MIT License\n", "text"), ("README.", "text"), (".", "text"),
      ("\u{1B}[1mBold\u{1B}[0m\r\n", "text"), ("<html>", "a web page"),
      ("version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "git lfs pull"),
    ])
  func foreign(start: String, content: String) {
    let scan = scan(latin1(start))
    #expect(scan.form == .foreign)
    #expect(scan.content?.contains(content) == true, "\(scan.content ?? "")")
    #expect(scan.names.isEmpty && scan.refusal == nil)
  }

  @Test("text may end inside a character where it is cut")
  func cutText() {
    for count in 0..<4 {
      let text = String(repeating: "a", count: 509 + count) + "€€"
      #expect(scan(Array(text.utf8)).form == .foreign)
    }
    #expect(scan([0x61, 0xFF, 0xFE, 0x61, 0x61, 0x61]).form == .unknown)
  }

  @Test(
    "what nothing recognises is unknown, and what it is said if it can be",
    arguments: [
      ("", "an empty file"), ("\0\u{1}\u{2}", "other content"), ("junk\0", "other content"),
      ("\u{1F}\u{8B}\u{8}\0", "a gzip archive"), ("BZh91AY&SY\0", "a bzip2 archive"),
      ("\u{FD}7zXZ\0", "an xz archive"), ("(\u{B5}/\u{FD}\0", "a Zstandard archive"),
      ("7z\u{BC}\u{AF}'\u{1C}", "a 7z archive"), ("Rar!\u{1A}\u{7}\0", "a RAR archive"),
    ])
  func unknown(start: String, content: String) {
    let scan = scan(latin1(start))
    #expect(scan.form == .unknown)
    #expect(scan.content == content)
    #expect(scan.names.isEmpty && scan.refusal == nil)
  }

  // MARK: Two things at once

  @Test(
    "a picture that Python takes for a pickle is one",
    arguments: [
      // BINFLOAT, BINBYTES and SHORT_BINSTRING swallow what tells the picture.
      "GIF89a\u{1}\0\u{1}", "BM\0\0\0" + String(repeating: "\0", count: 77), "U\u{A}\0\0ftypavif",
    ])
  func pictures(start: String) {
    let scan = scan(latin1(start) + [0x30] + call)
    #expect(scan.form == .pickle)
    #expect(scan.unknownNames == os)
  }

  @Test("text that Python takes for a pickle is one")
  func text() {
    #expect(scan(Array("cos\nsystem\nand more\n".utf8)).unknownNames == os)
    #expect(scan(Array("(Vid\nios\nsystem\n.\n".utf8)).unknownNames == os)
    #expect(scan(Array("ios\nsystem\n.\n".utf8)).unknownNames == os)
    #expect(scan(Array("N.Package: a\ncos\nsystem\n".utf8)).unknownNames == os)
  }

  @Test(
    "text that begins with a pickle that mentions nothing, or that names no module, is text",
    arguments: [
      "N.B. this is a text\n", "(t.\n", "I1\n.\nI2\n.\n", "Package: a\ncos\nsystem\n", "Pid\n.",
      "click-8.4.0.dist-info/INSTALLER,sha256=abc,4\nclick/__init__.py\n",
      "conf.d/README\n\nEach file in this directory\n", "in a text\nof two lines\n",
      "cryptography\n", "importlib_metadata\n\n",
    ])
  func noPickle(text: String) {
    #expect(scan(Array(text.utf8)).form == .foreign)
    #expect(scan(Array(text.utf8)).refusal == nil && scan(Array(text.utf8)).names.isEmpty)
  }

  @Test("text that begins with a pickle is one if that fills it, or what follows is no text")
  func filled() {
    #expect(scan(Array("I1\n.".utf8)).form == .pickle)
    #expect(scan(Array("I1\n.".utf8) + [0, 1]).form == .pickle)
    #expect(scan(Array("I1\n.".utf8) + [0, 1]).refusal?.kind == .damaged)
    #expect(scan(Array("ctorch\nSize\n. and more".utf8)).form == .pickle)
  }

  @Test("a pickle before a ZIP archive is found")
  func pickleBeforeZIP() {
    let archive = ZIPAssembler([("a/data.pkl", [0x4E, 0x2E])]).bytes
    #expect(scan(call + archive).unknownNames == os)
    #expect(scan([0x80, 2] + call + archive).unknownNames == os)
  }

  /// A call that is on the allow-list because the reader checks what it is given.
  private let load = Array("ctorch.storage\n_load_from_bytes\n(Vid\ntR.".utf8)

  @Test("a safetensors file that Python takes for a pickle is refused, whatever it mentions")
  func safetensors() throws {
    for call in [call, load] {
      let file = polyglot(call)
      #expect(try Safetensors(ByteRegion(file, name: "test")).names == ["t"])
      #expect(scan(file).form == .safetensors)
      #expect(scan(file).unknownNames == (call == load ? [] : os))
      #expect(scan(file).refusal?.kind == .refusedAsUnsafe)
      #expect(scan(ZIPAssembler([("a", file)]).bytes).refusal?.kind == .refusedAsUnsafe)
      #expect(scan(TarAssembler([.init("a", file)]).bytes).refusal?.kind == .refusedAsUnsafe)
    }
  }

  private func polyglot(_ call: [UInt8]) -> [UInt8] {
    // The length's first byte is BINUNICODE, the next are the length of a text that ends behind
    // `start`. From there SHORT_BINSTRINGs lead on, the last into the data.
    let start = #"{"__metadata__":{"a":""#
    let range = "[0,\(call.count)]"
    let end = #""},"t":{"dtype":"U8","shape":[\#(call.count)],"data_offsets":\#(range)}}"#
    let length = 0x58 + (3 + start.utf8.count) << 8
    let room = length - start.utf8.count - end.utf8.count - 2
    let hop = "U~" + String(repeating: " ", count: 126)
    let hops = String(repeating: hop, count: room / 128) + String(repeating: "N", count: room % 128)
    let last = "U" + String(UnicodeScalar(UInt8(end.utf8.count)))
    return littleEndian(UInt64(length)) + Array((start + hops + last + end).utf8) + call
  }

  @Test("a pickle with a brace at byte 8 is no safetensors file, and the other way round")
  func braces() {
    let pickle = PickleAssembler(protocol: 2).text("{").region.copy()
    let shifted = [0x80, 2] + Array("N0N0N0{".utf8)
    #expect(scan(pickle).form == .pickle)
    #expect(scan(shifted).form == .pickle)
    let text = [0x80, 2, 0x58, 9, 0, 0, 0, 0x61] + Array("{bcdefgh".utf8) + [0x2E]
    #expect(scan(text).form == .pickle && scan(text).refusal == nil)
    let truncated = littleEndian(UInt64(1000)) + Array("{\"a\"".utf8)
    #expect(scan(truncated).form == .safetensors)
    #expect(scan(truncated).refusal?.kind == .damaged)
  }

  @Test(
    "a brace at byte 8 makes no safetensors file of text and others",
    arguments: [
      (".header { color: red; }\n", FileForm.foreign), ("model = {\"a\": 1}\n", .foreign),
      ("int f() {\n}\n", .foreign), ("a b c d {}", .foreign),
      ("\u{DE}\u{12}\u{4}\u{95}\0\0\0\0{\0\0\0\u{1C}\0\0\0", .unknown),
      ("\0\0\0\0\0\0\0\u{80}{}", .unknown), ("\u{10}\0\0\0\0\0\0\0{abc", .unknown),
      ("\u{10}\0\0\0\0\0\0\0{", .safetensors), ("\u{10}\0\0\0\0\0\0\0{ \n\"a", .safetensors),
      ("\0\u{E0}\u{F5}\u{5}\0\0\0\0{\"", .safetensors),
      ("\u{1}\u{E1}\u{F5}\u{5}\0\0\0\0{\"", .unknown),
    ])
  func brace(start: String, form: FileForm) {
    #expect(scan(latin1(start)).form == form)
    #expect(scan(latin1(start)).refusal?.kind == (form == .safetensors ? .damaged : nil))
  }

  // MARK: Archives

  @Test("what is in a ZIP archive is told by its content, too, and at any depth")
  func entries() {
    for name in ["model.pt", "a/DATA.PKL", "README.md", "a/b/c/weights.npy"] {
      let one = ZIPAssembler([("first.txt", Array("text".utf8)), (name, call)]).bytes
      #expect(scan(one).unknownNames == os, "\(name)")
      #expect(scan(one).refusal?.kind == .refusedAsUnsafe)
      let two = ZIPAssembler([("one.zip", one)]).bytes
      #expect(scan(two).unknownNames == os)
      #expect(scan(TarAssembler([.init("two", two)]).bytes).unknownNames == os)
    }
    let harmless = ZIPAssembler([("a.txt", Array("text".utf8)), ("b", [0, 1]), ("c", [])]).bytes
    #expect(scan(harmless).form == .zip)
    #expect(scan(harmless).refusal == nil)
  }

  @Test("a damaged entry does not hide the next")
  func damagedEntry() {
    var archive = ZIPAssembler([("a", [1]), ("b", call)])
    archive.entries[0].setBoth { $0.checksum ^= 1 }
    #expect(scan(archive.bytes).unknownNames == os)
  }

  @Test("archives in archives end somewhere, and in all inflate to no more than one may")
  func nestedArchives() {
    let inner = (0..<6).reduce(call) { content, _ in ZIPAssembler([("a", content)]).bytes }
    #expect(scan(inner).refusal?.description.contains("inside one another") == true)
    let zeros = deflateZeros(repeats: 64_000)
    let content = [UInt8](repeating: 0, count: 258 * 64_000 + 1)
    let bomb = ZIPAssembler([.init("a", deflated: zeros, of: content)]).bytes
    let bombs = ZIPAssembler((0..<20).map { ("\($0).zip", bomb) }).bytes
    #expect(scan(bombs).refusal?.description.contains("after inflating") == true)
  }

  @Test("a torch file that is one is only asked what its object mentions")
  func torch() {
    // Numbers that would be a pickle are only numbers.
    var file = TorchFileAssembler([1])
    file.data = Array("cos\n".utf8)
    #expect(scan(file.zip().copy()).form == .torch)
    #expect(scan(file.zip().copy()).refusal == nil)
    #expect(scan(file.zip().copy()).names == [PickleGlobal("torch", "FloatStorage")])
    let tar = scan(TorchTarAssembler([1]).region.copy())
    #expect(tar.form == .torch && tar.refusal == nil && tar.unknownNames.isEmpty)
    let hostile = scan(TorchTarAssembler([1], pickle: call).region.copy())
    #expect(hostile.unknownNames.contains(os[0]) && hostile.refusal?.kind == .refusedAsUnsafe)
  }

  @Test("a tar archive is told by its check sum, too, and before what else it may be")
  func tar() {
    // torch tries tar first. The oldest form has no magic word, and its first name may be anything.
    var archive = TarAssembler(
      [.init("x")] + TorchTarAssembler([1], pickle: call).members.map { .init($0.name, $0.content) }
    )
    for index in archive.entries.indices {
      archive.entries[index].patch = (257, [UInt8](repeating: 0, count: 8))
    }
    for name in ["II*\0", "GIF89a", "{}", "I1\n0L5L\n."] {
      archive.entries[0].name = latin1(name)
      let scan = scan(archive.bytes)
      #expect(scan.form == .torch, "\(name)")
      #expect(scan.unknownNames.contains(os[0]) && scan.isUnsafe)
    }
    archive.entries[0].name = Array(TorchFileAssembler([1]).legacyBytes.prefix(90))
    #expect(scan(archive.bytes).form == .tar)
    #expect(scan(archive.bytes).refusal != nil)
  }

  @Test("a tar archive of other files is looked into and is no torch file")
  func otherTar() {
    let plain = TarAssembler([.init("a.txt", Array("text".utf8)), .init("b", [0, 1])]).bytes
    #expect(scan(plain).form == .tar)
    #expect(scan(plain).refusal == nil)
    #expect(scan(TarAssembler([.init("a.txt", call)]).bytes).unknownNames == os)
  }

  @Test("a tar archive's name may be a pickle")
  func tarName() {
    var archive = TarAssembler([.init("x", [1])])
    archive.entries[0].name = call
    #expect(scan(archive.bytes).unknownNames == os)
    archive.entries[0].name = load
    #expect(scan(archive.bytes).unknownNames.isEmpty)
    #expect(scan(archive.bytes).refusal?.kind == .refusedAsUnsafe)
    #expect(scan(ZIPAssembler([("a", archive.bytes)]).bytes).refusal?.kind == .refusedAsUnsafe)
  }

  @Test("says how many files in archives are not recognised, without empty ones")
  func counts() {
    let inner = ZIPAssembler([("a", [0, 1]), ("b", Array("text".utf8))]).bytes
    let outer = scan(
      TarAssembler([.init("c", inner), .init("d", [0x1F, 0x8B]), .init("e")]).bytes)
    #expect(outer.packedCount == 5)
    #expect(outer.unrecognisedCount == 2)
    #expect(scan(Array("N.".utf8)).packedCount == 0)
  }
}

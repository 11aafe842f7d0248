// `dataset.json`: what the published tool writes, and what nobody should.

import Formats
import TestSupport
import Testing

@Suite("dataset.json")
struct LabelFileTests {
  private func read(_ text: String, limits: LabelFile.Limits = .init()) throws -> LabelFile? {
    try LabelFile.read(ByteRegion(Array(text.utf8), name: "dataset.json"), limits: limits)
  }

  // MARK: Published

  @Test("classes, vectors and null are read, whatever else the object holds")
  func forms() throws {
    let classes = try read(#"{"labels": [["00000/img00000000.png", 6], ["b.png",0]]}"#)
    #expect(
      classes == LabelFile(paths: ["00000/img00000000.png", "b.png"], values: .classes([6, 0])))
    let vectors = try read(
      #" {"labels":[["a",[1,-0.5]],["b",[2e-3, 7]]], "v": {"x": [1.5, null]}} "#)
    #expect(
      vectors
        == LabelFile(
          paths: ["a", "b"], values: .vectors([1, -0.5, 0.002, 7], dimension: 2)))
    #expect(try read(#"{"labels": null}"#) == nil)
    #expect(try read(#"{"labels": []}"#) == LabelFile(paths: [], values: .classes([])))
  }

  @Test("paths of any language are read, escaped or not")
  func paths() throws {
    let file = try read(#"{"labels": [["b\u00fcste/\ud83d\ude00.png", 1], ["büste/é\\.png", 2]]}"#)
    #expect(file?.paths == ["büste/😀.png", "büste/é\\.png"])
  }

  @Test("the numbers of vectors have the names under a second key, before or behind the labels")
  func names() throws {
    let named = LabelFile(
      paths: ["a"], values: .vectors([1, 0], dimension: 2), names: ["Smiling", "süß"])
    for text in [
      #"{"labels": [["a", [1, 0]]], "attributes": ["Smiling", "s\u00fc\u00df"]}"#,
      #"{"attributes":["Smiling","süß"],"labels":[["a",[1,0]]]}"#,
    ] { #expect(try read(text) == named) }
    for text in [
      #"{"labels": [["a", [1, 0]]]}"#, #"{"labels": [["a", [1, 0]]], "attributes": null}"#,
    ] { #expect(try read(text)?.names == []) }
    #expect(try read(#"{"labels": null, "attributes": ["Smiling"]}"#) == nil)
    let long = String(repeating: "😀", count: 100)
    #expect(
      try read("{\"labels\": [[\"a\", [1]]], \"attributes\": [\"\(long)\"]}")?.names == [long])
  }

  @Test("classes have the names under another key, as many as there are classes or more")
  func classNames() throws {
    let named = LabelFile(
      paths: ["a", "b"], values: .classes([2, 0]), names: ["x", "y", "z", "ß"])
    let text = #"{"labels": [["a", 2], ["b", 0]], "class_names": ["x", "y", "z", "\u00df"]}"#
    #expect(String(decoding: named.encoded, as: UTF8.self) == text)
    #expect(try read(text) == named)
    for (names, words) in [
      (#"["x", "y"]"#, "labels of 2 classes at most, one for each name, found 3 classes"),
      (#"["x", "x", "y"]"#, "each class once, found x twice"), (#"[1]"#, "a string, found '1'"),
      (#"["x", "y", "z"], "attributes": ["a"]"#, "names of attributes or of classes, found both"),
    ] {
      expect(.damaged, says: words) {
        _ = try read("{\"labels\": [[\"a\", 2]], \"class_names\": \(names)}")
      }
    }
    expect(.damaged, says: "labels of 1 classes at most, one for each name, found a list") {
      _ = try read(#"{"labels": [["a", [2]]], "class_names": ["x"]}"#)
    }
    expect(.damaged, says: "a number for each of 1 attributes, found a class") {
      _ = try read(#"{"labels": [["a", 0]], "attributes": ["x"]}"#)
    }
  }

  @Test("names are written behind the labels, and read back")
  func writingNames() throws {
    let file = LabelFile(
      paths: ["a"], values: .vectors([1, 0], dimension: 2), names: ["Smiling", "a \"b\""])
    #expect(
      String(decoding: file.encoded, as: UTF8.self)
        == #"{"labels": [["a", [1.0, 0.0]]], "attributes": ["Smiling", "a \"b\""]}"#)
    #expect(try LabelFile.read(ByteRegion(file.encoded, name: "a")) == file)
  }

  @Test("what is written is what the published tool writes, and is read back")
  func writing() throws {
    let classes = LabelFile(paths: ["00000/img00000000.png", "ü\"\\😀"], values: .classes([6, 1]))
    #expect(
      String(decoding: classes.encoded, as: UTF8.self)
        == #"{"labels": [["00000/img00000000.png", 6], ["\u00fc\"\\\ud83d\ude00", 1]]}"#)
    let vectors = LabelFile(
      paths: ["a", "b"], values: .vectors([1, -0.5, 1e-7, 3.4e38], dimension: 2))
    for file in [classes, vectors] {
      #expect(try LabelFile.read(ByteRegion(file.encoded, name: "a")) == file)
    }
  }

  // MARK: Hostile

  @Test(
    "labels of two kinds, lengths or meanings, and what is no label, are refused with their place",
    arguments: [
      (
        #"{"labels": [["a", 1], ["b", [1]]]}"#, "expected a class for b, as before it, found a list"
      ),
      (#"{"labels": [["a", [1]], ["b", 1]]}"#, "expected a list of length 1 for b"),
      (#"{"labels": [["a", [1]], ["b", [1, 2]]]}"#, "found a list of length 2"),
      (#"{"labels": [["a", 1], ["a", 1]]}"#, "each picture once, found a twice"),
      (#"{"labels": [["a", -1]]}"#, "a class from 0 to 65535 for a, found -1"),
      (#"{"labels": [["a", 65536]]}"#, "found 65536"),
      (#"{"labels": [["a", 99999999999999999999]]}"#, "found 99999999999999999999"),
      (#"{"labels": [["a", 1.0]]}"#, "found 1.0"),
      (#"{"labels": [["a", true]]}"#, "a number, found 't'"),
      (#"{"labels": [["a", "1"]]}"#, "a number"),
      (#"{"labels": [["a", null]]}"#, "a number, found 'n'"),
      (#"{"labels": [["a", NaN]]}"#, "a number, found 'N'"),
      (#"{"labels": [["a", [NaN]]]}"#, "a number, found 'N'"),
      (#"{"labels": [["a", [1e999]]]}"#, "a number that 32 bits hold"),
      (#"{"labels": [["a", []]]}"#, "numbers for a, found none"),
      (#"{"labels": [["a", [[1]]]]}"#, "a number, found '['"),
      (#"{"labels": [["a"]]}"#, "',', found ']'"),
      (#"{"labels": [["a", 1, 2]]}"#, "']', found ','"),
      (#"{"labels": [["a", 01]]}"#, "a number"),
      (#"{"labels": {"a": 1}}"#, "'['"),
      (#"{"labels": [["a", 1]], "labels": null}"#, "labels twice"),
      (#"{"label": []}"#, "\"labels\" in the object"),
      (#"[["a", 1]]"#, "'{'"), (#"{"labels": null} x"#, "the end of the file, found 'x'"),
      (#"{"labels": [["a", 1]"#, "found the end of the file"), ("", "'{'"),
    ])
  func refused(text: String, words: String) {
    expect(.damaged, says: words) { _ = try read(text) }
  }

  @Test(
    "names that are too many, too few, too long, or twice the same are refused with their place",
    arguments: [
      (#"{"labels": [["a", [1]]], "attributes": ["b", "c"]}"#, 39, "a number for each of 2"),
      (#"{"labels": [["a", [1, 2]]], "attributes": ["b"]}"#, 42, "found a list of length 2"),
      (#"{"labels": [["a", [1]]], "attributes": []}"#, 39, "each of 0 attributes"),
      (#"{"attributes": ["b"], "labels": [["a", 1]]}"#, 15, "found a class"),
      (#"{"attributes": ["b"], "labels": []}"#, 15, "found no labels"),
      (#"{"labels": [["a", [1]]], "attributes": [""]}"#, 40, "1 to 100 characters, found 0"),
      (#"{"attributes": ["b", "b"], "labels": null}"#, 21, "each attribute once, found b twice"),
      (#"{"attributes": ["\u00e9", "e\u0301"]}"#, 26, "twice"),
      (#"{"attributes": [1], "labels": null}"#, 16, "a string, found '1'"),
      (#"{"attributes": "b", "labels": null}"#, 15, "'[', found '\"'"),
      (#"{"attributes": {"b": 1}, "labels": null}"#, 15, "'['"),
      (#"{"attributes": [["b"]], "labels": null}"#, 16, "a string"),
      (#"{"attributes": ["b"], "attributes": null, "labels": null}"#, 34, "attributes twice"),
      (#"{"attributes": ["b"]}"#, 21, "\"labels\" in the object"),
      (#"{"attributes": ["b""#, 19, "the end of the file"),
    ])
  func refusedNames(text: String, offset: Int, words: String) {
    expect(.damaged, at: offset, says: words) { _ = try read(text) }
  }

  @Test("limits hold for names: 4096 of them, of 100 characters however many bytes they have")
  func nameLimits() {
    let names = (0...4096).map { "\"\($0)\"" }.joined(separator: ", ")
    expect(.damaged, says: "at most 4096 attributes, found more") {
      _ = try read("{\"attributes\": [\(names)]}")
    }
    // One character to readers, and many to what stores it.
    for name in [
      String(repeating: "a", count: 101), "e" + String(repeating: "\u{301}", count: 100),
    ] {
      expect(.damaged, says: "1 to 100 characters, found 101") {
        _ = try read("{\"attributes\": [\"\(name)\"]}")
      }
    }
  }

  @Test("nesting is refused where it gets deep, in labels and beside them")
  func nesting() {
    let deep = String(repeating: "[", count: 100_000)
    expect(.damaged, says: "not nested so deep") { _ = try read("{\"x\": \(deep)") }
    expect(.damaged) { _ = try read("{\"labels\": \(deep)") }
    let objects = String(repeating: "{\"a\":", count: 100_000)
    expect(.damaged, says: "not nested so deep") { _ = try read(objects) }
  }

  @Test("limits hold: bytes of the file and of paths, numbers of a label")
  func limits() {
    var limits = LabelFile.Limits()
    (limits.fileBytes, limits.pathBytes, limits.dimension) = (60, 8, 2)
    expect(.damaged, says: "at most 60 bytes") {
      _ = try read(String(repeating: " ", count: 61), limits: limits)
    }
    expect(.damaged, says: "at most 8 bytes") {
      _ = try read(#"{"labels": [["123456789", 1]]}"#, limits: limits)
    }
    expect(.damaged, says: "at most 2 numbers") {
      _ = try read(#"{"labels": [["a", [1, 2, 3]]]}"#, limits: limits)
    }
  }
}

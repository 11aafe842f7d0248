// Tables of labels: what people write, and what nobody should.

import Formats
import TestSupport
import Testing

@Suite("Tables of labels")
struct LabelTableTests {
  private func read(
    _ text: String, limits: LabelFile.TableLimits = .init()
  ) throws -> LabelFile {
    try LabelFile.readTable(ByteRegion(Array(text.utf8), name: "labels.csv"), limits: limits)
  }

  // MARK: Valid

  @Test(
    "whole numbers are classes, with a heading or without, quoted or not",
    arguments: [
      "a.png,2\nb/c.png,0\n", "a.png,2\r\nb/c.png,0", "\u{FEFF}name,label\na.png,2\nb/c.png,0\n",
      "file,class\n\n a.png , 2 \n\"b/c.png\",\"0\"\n", "what,ever\na.png,2\nb/c.png,0",
    ])
  func classes(text: String) throws {
    #expect(try read(text) == LabelFile(paths: ["a.png", "b/c.png"], values: .classes([2, 0])))
  }

  @Test("words are classes in the order of the alphabet, which are kept as names")
  func words() throws {
    let expected = LabelFile(
      paths: ["a.png", "b.png", "c.png"], values: .classes([1, 0, 1]), names: ["Katze", "cat"])
    #expect(try read("a.png,cat\nb.png,Katze\nc.png,cat") == expected)
    #expect(try read("Image,Species\na.png,cat\nb.png,Katze\nc.png,cat") == expected)
    let quoted = try read("\"a, b.png\",\"cats, \"\"dogs\"\"\"\n")
    #expect(quoted.paths == ["a, b.png"] && quoted.names == ["cats, \"dogs\""])
    #expect(try read("a.png,1\nb.png,x").names == ["1", "x"])
  }

  @Test("more than one number, or one with a fraction, is a vector; a heading names the numbers")
  func vectors() throws {
    #expect(
      try read("a.png,0.5,1e-2\nb.png,-1,+3\n")
        == LabelFile(
          paths: ["a.png", "b.png"], values: .vectors([0.5, 0.01, -1, 3], dimension: 2)))
    #expect(
      try read("name,Age,Smile\na.png,7,1\n")
        == LabelFile(
          paths: ["a.png"], values: .vectors([7, 1], dimension: 2), names: ["Age", "Smile"]))
    #expect(
      try read("x,yaw\na.png,0.5\nb.png,1\n")
        == LabelFile(
          paths: ["a.png", "b.png"], values: .vectors([0.5, 1], dimension: 1), names: ["yaw"]))
  }

  @Test("CelebA's table has 0 where it says -1; other tables keep their numbers")
  func celebA() throws {
    #expect(
      try read("image_id,A,B\na.jpg,-1,1\nb.jpg,1,-1\n").values
        == .vectors([0, 1, 1, 0], dimension: 2))
    #expect(
      try read("image_id,A,B\na.jpg,-1,1\nb.jpg,2,-1\n").values
        == .vectors([-1, 1, 2, -1], dimension: 2))
    #expect(try read("name,A,B\na.jpg,-1,1\n").values == .vectors([-1, 1], dimension: 2))
  }

  // MARK: Hostile

  @Test(
    "what is wrong in a line is said in one line with its number",
    arguments: [
      ("a.png,1,2\nb.png,1\n", "expected 2 values, as before in line 2, found 1"),
      ("a.png,1\n\nb.png,1,2\n", "expected 1 values, as before in line 3, found 2"),
      ("a.png,1\na.png,2\n", "expected each picture once in line 2, found a.png twice"),
      ("a.png,1,2\nb.png,1,x\n", "expected number 2 of b.png in line 2, found x"),
      ("a.png,1,0x10\n", "number 2 of a.png in line 1, found 0x10"),
      ("a.png,1,inf\n", "found inf"), ("a.png,1,1e99\n", "found 1e99"), ("a.png,1,\n", "number 2"),
      ("name,A,B\n", "a line for a picture behind the heading in line 1, found none"),
      ("name,A,A\na.png,1,2\n", "each attribute once in line 1, found A twice"),
      ("name,A,\na.png,1,2\n", "1 to 100 characters in line 1, found 0"),
      ("a.png,\"1\n", "a closing quotation mark in line 1, found the end of the line"),
      ("\"a\"b.png,1\n", "a comma behind quotation marks in line 1, found more"),
      (",1\n", "a picture's name of 1 to 4096 bytes in line 1, found 0"),
      ("a.png,\nb.png,cat\n", "a class's name of 1 to 100 characters, found 0"),
      ("a.png,65536\n", "classes from 0 to 65535, found 65536"),
    ])
  func refused(text: String, words: String) {
    expect(.damaged, says: words) { _ = try read(text) }
  }

  @Test("what is no table is said to be none")
  func unrecognised() throws {
    for (text, words) in [
      ("", "found an empty file"), ("\n \n", "found empty lines"), ("a.png 1\n", "found a.png 1"),
      ("\u{0}a,b", "in text"),
    ] { expect(.notRecognised, says: words) { _ = try read(text) } }
    let rows = (0..<100).map { "\(1000 + $0).jpg,1\n" }.joined()
    expect(.damaged, says: "text in UTF-8 in line 101, found other bytes") {
      _ = try LabelFile.readTable(ByteRegion(Array(rows.utf8) + [0xE9, 0x2C, 0x31], name: "a"))
    }
  }

  @Test("limits hold: bytes of the file, of lines and of names, pictures, numbers")
  func limits() {
    var limits = LabelFile.TableLimits()
    (limits.fileBytes, limits.lineBytes, limits.pathBytes) = (60, 20, 8)
    (limits.pictures, limits.dimension, limits.nameLength) = (2, 3, 4)
    for (text, words) in [
      (String(repeating: " ", count: 61), "at most 60 bytes, found 61"),
      ("a.png,\(String(repeating: " ", count: 15))1", "at most 20 bytes in line 1, found 22"),
      ("12345.jpg,1", "a picture's name of 1 to 8 bytes in line 1, found 9"),
      ("a,1\nb,1\nc,1\n", "at most 2 pictures in line 1, found more"),
      ("a,1,1,1,1\n", "at most 3 numbers in line 1, found more"),
      ("a,b,c,d\nb,1,2,3\nABCDE,4,2,abcde\n", "number 3 of ABCDE"),
      ("name,abcde,c\nb,1,2\n", "1 to 4 characters in line 1, found 5"),
      ("a,3\n", "classes from 0 to 2, found 3"),
    ] { expect(.damaged, says: words) { _ = try read(text, limits: limits) } }
  }
}

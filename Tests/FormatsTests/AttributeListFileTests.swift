// CelebA's list of attributes: as it is published, and as nobody should write it.

import Formats
import TestSupport
import Testing

@Suite("CelebA's list of attributes")
struct AttributeListFileTests {
  private func read(
    _ text: String, limits: AttributeListFile.Limits = .init()
  ) throws -> AttributeListFile {
    try AttributeListFile(ByteRegion(Array(text.utf8), name: "list.txt"), limits: limits)
  }

  /// The list as it is published: a blank behind the names, two before what is true.
  private static let published = """
    3
    5_o_Clock_Shadow Bald Smiling\u{20}
    000001.jpg -1  1  1
    000002.jpg -1 -1  1
    000003.jpg  1 -1 -1

    """

  // MARK: Published

  @Test(
    "the text and the table say the same, with line ends of any system and blanks of any number",
    arguments: [
      Self.published, Self.published.replacing("\n", with: "\r\n"), "\u{FEFF}" + Self.published,
      String(Self.published.dropLast()), Self.published.replacing("-1", with: "0"),
      "\n 3 \n\n5_o_Clock_Shadow\tBald \t Smiling\n"
        + Self.published.split(separator: "\n")
        .dropFirst(2).map { "\t \($0)\t\n\n" }.joined(),
      """
      image_id,5_o_Clock_Shadow,Bald,Smiling
      000001.jpg,-1,1,1
      000002.jpg, -1, 0, 1
      000003.jpg,1,-1,-1
      """,
      """
      "image_id","5_o_Clock_Shadow", "Bald",Smiling
      "000001.jpg","-1",1,"1"
      000002.jpg,-1,-1,1
      "000003.jpg","1","-1","-1"
      """,
      "\u{FEFF}image_id,5_o_Clock_Shadow,Bald,Smiling\r\n000001.jpg,-1,1,1\r\n"
        + "000002.jpg,-1,-1,1\r\n\r\n000003.jpg,1,-1,-1\r\n",
    ])
  func forms(text: String) throws {
    let list = try read(text)
    #expect(list.file == "list.txt")
    #expect(list.attributes == ["5_o_Clock_Shadow", "Bald", "Smiling"])
    #expect(list.pictures == ["000001.jpg", "000002.jpg", "000003.jpg"])
    let values = (0..<3).map { Array(list.values(at: $0)) }
    #expect(values == [[false, true, true], [false, false, true], [true, false, false]])
  }

  @Test("a table may name pictures and attributes with blanks, and both forms with letters")
  func names() throws {
    let table = try read("image_id,Wearing Hat\na b/c d.png,1\n")
    #expect(table.attributes == ["Wearing Hat"] && table.pictures == ["a b/c d.png"])
    let text = try read("1\nlächelnd\n🙂.jpg 1")
    #expect(text.attributes == ["lächelnd"] && text.pictures == ["🙂.jpg"])
    #expect(try read("0\nSmiling\n").pictures.isEmpty)
  }

  // MARK: Hostile

  @Test(
    "what is wrong in a line is said in one line with its number",
    arguments: [
      ("1\nA B\na.jpg 1 2", "expected -1, 0 or 1 for B of a.jpg in line 3, found 2"),
      ("1\nA B\n\na.jpg 1 x", "for B of a.jpg in line 4, found x"),
      ("1\nA\na.jpg +1", "found +1"), ("1\nA\na.jpg 1.0", "found 1.0"),
      ("1\nA\na.jpg -0", "found -0"), ("1\nA\na.jpg x1", "found x1"),
      ("1\nA\na.jpg 11", "found 11"),
      ("1\nA\na.jpg 1\r2", "found 1\\u{d}2"),
      ("1\nA B\na.jpg 1", "expected a value for each of 2 attributes in line 3, found 1"),
      ("1\nA B\na.jpg 1 1 1", "each of 2 attributes in line 3, found 3"),
      ("2\nA\na.jpg 1\na.jpg 1", "expected each picture once in line 4, found a.jpg twice"),
      ("1\nA A\na.jpg 1 1", "expected each attribute once in line 2, found A twice"),
      ("3\nA\na.jpg 1\n", "expected 3 pictures, as line 1 says, found 1"),
      ("0\nA\na.jpg 1\n", "expected 0 pictures, as line 1 says, found 1"),
      ("1\n", "expected the names of the attributes in line 2, found the end of the file"),
      ("1\na.jpg 1\n", "expected 1 pictures, as line 1 says, found 0"),
      ("9999999999999999999999\nA\n", "at most 4194304 pictures in line 1, found 99999"),
      ("4194305\nA\n", "at most 4194304 pictures in line 1, found 4194305"),
      ("image_id,A\na.jpg,\n", "-1, 0 or 1 for A of a.jpg in line 2, found nothing"),
      ("image_id,A\na.jpg 1\n", "each of 1 attributes in line 2, found 0"),
      ("image_id,A\na.jpg,1,\n", "found 2"), ("image_id,A\n,1\n", "a picture's name of 1 to 4096"),
      ("image_id,A,\n", "1 to 100 characters in line 1, found 0"),
      ("image_id,A\n\"a.jpg\",\"1\n", "found \"1"),
      (
        "1\n\(String(repeating: "a", count: 101))\n",
        "an attribute's name of 1 to 100 characters in line 2, found 101"
      ),
    ])
  func refused(text: String, words: String) {
    expect(.damaged, says: words) { _ = try read(text) }
  }

  @Test(
    "what is no list at all is said to be none",
    arguments: [
      ("000001.jpg 0\n000002.jpg 0\n", "found 000001.jpg 0"), ("", "found an empty file"),
      ("\n \n", "found empty lines"), ("-3\nA\n", "found -3"), ("3.0\nA\n", "found 3.0"),
      ("name,A\na.jpg,1\n", "found name,A"), ("image_id\na.jpg\n", "found image_id"),
      ("<!doctype html>\n", "found <!doctype"), (#"{"labels": null}"#, "found {"),
      ("1\nA\n\u{0}", "found other content"), ("\u{80}\u{3}.", "found other content"),
    ])
  func unrecognised(text: String, words: String) {
    expect(.notRecognised, says: words) { _ = try read(text) }
  }

  @Test("other files are named for what they are, other encodings are refused")
  func otherFiles() throws {
    let picture = try PNG(image: noise(width: 2, height: 2, channels: 3, seed: 1)).encoded()
    expect(.notRecognised, says: "a list of attributes, in text, found a PNG picture") {
      _ = try AttributeListFile(ByteRegion(picture, name: "a"))
    }
    // Beyond the part that tells text from other content.
    let rows = (0..<100).map { "\(1000 + $0).jpg 1\n" }.joined()
    let latin1 = Array("101\nA\n\(rows)".utf8) + [0xE9] + Array(".jpg 1\n".utf8)
    expect(.damaged, says: "text in UTF-8 in line 103, found other bytes") {
      _ = try AttributeListFile(ByteRegion(latin1, name: "a"))
    }
  }

  @Test("a list that is cut anywhere is refused, or whole but for its last line end")
  func cut() throws {
    let whole = try read(Self.published)
    for length in 0..<Self.published.utf8.count {
      let part = String(decoding: Self.published.utf8.prefix(length), as: UTF8.self)
      guard let list = try? read(part) else { continue }
      #expect(length == Self.published.utf8.count - 1 && list == whole)
    }
  }

  @Test("limits hold: bytes of the file, of lines and of names, pictures, attributes")
  func limits() {
    var limits = AttributeListFile.Limits()
    (limits.fileBytes, limits.lineBytes, limits.pathBytes) = (60, 20, 8)
    (limits.pictures, limits.names, limits.nameLength) = (2, 3, 4)
    for (text, words) in [
      (String(repeating: " ", count: 61), "at most 60 bytes, found 61"),
      ("1\nA\na.jpg \(String(repeating: " ", count: 15))1", "at most 20 bytes in line 3, found 22"),
      ("1\nA\n12345.jpg 1", "a picture's name of 1 to 8 bytes in line 3, found 9"),
      ("3\nA\n", "at most 2 pictures in line 1, found 3"),
      ("image_id,A\na,1\nb,1\nc,1\n", "at most 2 pictures in line 4, found more"),
      ("1\nA B C D\n", "at most 3 attributes in line 2, found more"),
      ("1\nABCDE\n", "1 to 4 characters in line 2, found 5"),
    ] { expect(.damaged, says: words) { _ = try read(text, limits: limits) } }
  }
}

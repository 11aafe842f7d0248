// CelebA's list of attributes: which of them are true of each picture.

/// What is true of pictures, in the form of CelebA's `list_attr_celeba.txt`, or of the same list as
/// `list_attr_celeba.csv`.
///
/// The text has the number of pictures in its first line, the attributes' names in its second, and
/// then a line for each picture: its name, and -1 or 1 for each attribute. Blanks divide them. The
/// table has no number; its first line is `image_id` and the names, and commas divide, with quotation
/// marks around what stands between them or without. Lines may end as on Windows, empty ones are
/// passed over, and a 0 means the same as -1.
public struct AttributeListFile: Hashable, Sendable {
  /// How much a file may hold; CelebA's has 26 MB.
  public struct Limits: Sendable {
    /// Bytes of the file: two million pictures with forty attributes.
    public var fileBytes = 1 << 28
    /// Bytes of a line.
    public var lineBytes = 1 << 20
    /// Bytes of a picture's name.
    public var pathBytes = 1 << 12
    /// Pictures.
    public var pictures = 1 << 22
    /// Attributes.
    public var names = 1 << 12
    /// Characters of an attribute's name.
    public var nameLength = 100

    /// The default limits.
    public init() {}
  }

  /// The file, as errors name it.
  public let file: String
  /// The names of the attributes, each of them once.
  public let attributes: [String]
  /// The pictures in the order of the lines, each of them once: names of files, or paths.
  public let pictures: [String]
  private let values: [Bool]

  /// Reads the list that fills `bytes`.
  /// - Parameters:
  ///   - bytes: the file.
  ///   - limits: how much it may hold.
  /// - Throws: `FileError` with the number of the line: of kind `notRecognised` if it is no list of
  ///   attributes, else `damaged`.
  public init(_ bytes: ByteRegion, limits: Limits = Limits()) throws(FileError) {
    guard bytes.count <= limits.fileBytes else {
      throw FileError(
        .damaged, file: bytes.name,
        expected: "a list of attributes of at most \(limits.fileBytes) bytes",
        found: "\(bytes.count)")
    }
    guard FileStart(bytes).isText else {
      throw FileError(
        .notRecognised, file: bytes.name, expected: "a list of attributes, in text",
        found: FileForm.words(for: bytes))
    }
    var reader = ListReader(bytes, limits)
    try reader.readHeading()
    try reader.readPictures()
    (file, attributes) = (bytes.name, reader.names.names)
    (pictures, values) = (reader.pictures, reader.values)
  }

  /// Which attributes are true of a picture.
  ///
  /// - Parameter index: The place of the picture.
  /// - Returns: A value for each attribute, in their order.
  public func values(at index: Int) -> ArraySlice<Bool> {
    values[index * attributes.count..<(index + 1) * attributes.count]
  }
}

/// A list, of which some lines have been read.
private struct ListReader {
  private(set) var names: LabelNames
  private(set) var pictures: [String] = []
  private(set) var values: [Bool] = []
  private var known: Set<String> = []
  /// How many pictures the first line says there are; nil in a table.
  private var count: Int?

  private let region: ByteRegion
  private let bytes: [UInt8]
  private let limits: AttributeListFile.Limits
  private var cursor = 0
  /// The number of the line that was read last, from 1.
  private var line = 0
  /// Where the parts of that line are.
  private var fields: [Range<Int>] = []

  init(_ region: ByteRegion, _ limits: AttributeListFile.Limits) {
    (self.region, self.limits) = (region, limits)
    bytes = region.copy()
    names = LabelNames(limit: limits.names, length: limits.nameLength)
    // Editors on Windows write a mark of the encoding in front.
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { cursor = 3 }
  }

  private func damaged(_ expected: String, found: String) -> FileError {
    FileError(
      .damaged, file: region.name, expected: "\(expected) in line \(line)", found: found)
  }

  private func text(_ range: Range<Int>) throws(FileError) -> String {
    guard let text = String(validating: bytes[range], as: UTF8.self) else {
      throw damaged("text in UTF-8", found: "other bytes")
    }
    return text
  }

  // MARK: Lines

  /// Goes to the next line that is not empty, and gives it without the blanks around it; nil at
  /// the end.
  private mutating func nextLine() throws(FileError) -> Range<Int>? {
    while cursor < bytes.count {
      if line % 4096 == 0 { try region.checkCancellation() }
      line += 1
      let start = cursor
      let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
      cursor = end + 1
      guard end - start <= limits.lineBytes else {
        throw damaged("at most \(limits.lineBytes) bytes", found: "\(end - start)")
      }
      let content = trimmed(start..<end)
      if !content.isEmpty { return content }
    }
    return nil
  }

  private func trimmed(_ range: Range<Int>) -> Range<Int> {
    let blanks = [UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r")]
    var (start, end) = (range.lowerBound, range.upperBound)
    while start < end, blanks.contains(bytes[start]) { start += 1 }
    while start < end, blanks.contains(bytes[end - 1]) { end -= 1 }
    return start..<end
  }

  /// Finds the parts of a line: those between commas in a table, else those between blanks.
  private mutating func divide(_ line: Range<Int>) {
    fields.removeAll(keepingCapacity: true)
    var start = line.lowerBound
    for index in line {
      let byte = bytes[index]
      guard count == nil else {
        guard byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") else { continue }
        if start < index { fields.append(start..<index) }
        start = index + 1
        continue
      }
      guard byte == UInt8(ascii: ",") else { continue }
      fields.append(unquoted(start..<index))
      start = index + 1
    }
    let last = start..<line.upperBound
    fields.append(count == nil ? unquoted(last) : trimmed(last))
  }

  /// What stands between commas, without blanks and quotation marks around it.
  private func unquoted(_ range: Range<Int>) -> Range<Int> {
    let field = trimmed(range)
    let mark = UInt8(ascii: "\"")
    guard field.count > 1, bytes[field.lowerBound] == mark, bytes[field.upperBound - 1] == mark
    else { return field }
    return field.lowerBound + 1..<field.upperBound - 1
  }

  // MARK: Parts of the list

  /// Reads the lines before the first picture.
  mutating func readHeading() throws(FileError) {
    let first = try nextLine() ?? 0..<0
    let digits = bytes[first]
    if digits.allSatisfy({ 0x30...0x39 ~= $0 }), !digits.isEmpty {
      let number = try text(first)
      guard let count = Int(number), count <= limits.pictures else {
        throw damaged("at most \(limits.pictures) pictures", found: number)
      }
      self.count = count
      guard let second = try nextLine() else {
        line += 1
        throw damaged("the names of the attributes", found: "the end of the file")
      }
      divide(second)
    } else {
      divide(first)
      guard fields.count > 1, bytes[fields[0]].elementsEqual("image_id".utf8) else {
        let start = String(decoding: bytes[first].prefix(60), as: UTF8.self)
        throw FileError(
          .notRecognised, file: region.name,
          expected: "a list of attributes: the number of pictures, or image_id and names behind "
            + "commas, in line 1",
          found: first.isEmpty ? "empty lines" : start)
      }
      fields.removeFirst()
    }
    for field in fields {
      if let objection = names.add(try text(field)) {
        throw damaged(objection.expected, found: objection.found)
      }
    }
  }

  /// Reads a line for each picture.
  mutating func readPictures() throws(FileError) {
    while let line = try nextLine() {
      divide(line)
      try readPicture()
    }
    guard pictures.count == count ?? pictures.count else {
      throw FileError(
        .damaged, file: region.name, expected: "\(count ?? 0) pictures, as line 1 says",
        found: "\(pictures.count)")
    }
  }

  private mutating func readPicture() throws(FileError) {
    guard fields.count == names.names.count + 1 else {
      throw damaged(
        "a value for each of \(names.names.count) attributes", found: "\(fields.count - 1)")
    }
    guard pictures.count < limits.pictures else {
      throw damaged("at most \(limits.pictures) pictures", found: "more")
    }
    guard 1...limits.pathBytes ~= fields[0].count else {
      throw damaged(
        "a picture's name of 1 to \(limits.pathBytes) bytes", found: "\(fields[0].count)")
    }
    let picture = try text(fields[0])
    guard known.insert(picture).inserted else {
      throw damaged("each picture once", found: "\(picture) twice")
    }
    for (place, field) in fields.dropFirst().enumerated() {
      guard let value = value(field) else {
        throw damaged(
          "-1, 0 or 1 for \(names.names[place]) of \(picture)",
          found: String(decoding: bytes[field].prefix(60), as: UTF8.self))
      }
      values.append(value)
    }
    pictures.append(picture)
  }

  private func value(_ field: Range<Int>) -> Bool? {
    switch (field.count, bytes[field].last) {
    case (1, UInt8(ascii: "1")): true
    case (1, UInt8(ascii: "0")): false
    case (2, UInt8(ascii: "1")) where bytes[field.lowerBound] == UInt8(ascii: "-"): false
    default: nil
    }
  }
}

// Labels in a table with commas: a picture's name in each line, and its class or its numbers.

extension LabelFile {
  /// How much a table may hold.
  public struct TableLimits: Sendable {
    /// Bytes of the file: two million pictures with forty numbers.
    public var fileBytes = 1 << 29
    /// Bytes of a line.
    public var lineBytes = 1 << 20
    /// Bytes of a picture's name.
    public var pathBytes = 1 << 12
    /// Pictures.
    public var pictures = 1 << 22
    /// Classes, and numbers in a line.
    public var dimension = 1 << 16
    /// Characters of the name of a class or of a number.
    public var nameLength = 100

    /// The default limits.
    public init() {}
  }

  /// Reads the table that fills `bytes`.
  ///
  /// In each line, a picture's name comes first. If one thing follows, it is a class: whole numbers
  /// stand for themselves, and words are numbered in the order of the alphabet and kept as names. If
  /// it is a number with a fraction, or if more follow, they are the numbers of a vector. The first
  /// line may be a heading, which names the numbers: it is one if it has words where the others have
  /// numbers, or begins with a word such as `name`, `file` or `image_id`. If that is `image_id` and
  /// all numbers are -1 or 1, they are CelebA's, and -1 means 0.
  ///
  /// Fields may stand between quotation marks, of which two inside mean one. Blanks around fields and
  /// empty lines are passed over.
  /// - Parameters:
  ///   - bytes: the file.
  ///   - limits: how much it may hold.
  /// - Throws: `FileError` with the number of the line: of kind `notRecognised` if it is no text,
  ///   else `damaged`.
  /// - Returns: the labels.
  public static func readTable(
    _ bytes: ByteRegion, limits: TableLimits = TableLimits()
  ) throws(FileError) -> LabelFile {
    guard bytes.count <= limits.fileBytes else {
      throw FileError(
        .damaged, file: bytes.name, expected: "a table of at most \(limits.fileBytes) bytes",
        found: "\(bytes.count)")
    }
    guard FileStart(bytes).isText else {
      throw FileError(
        .notRecognised, file: bytes.name, expected: "a table of labels, in text",
        found: FileForm.words(for: bytes))
    }
    var reader = TableReader(bytes, limits)
    try reader.readRows()
    return try reader.finish()
  }
}

/// A table, of which some lines have been read.
private struct TableReader {
  /// Words that begin a heading, and no picture's name.
  private static let headings: Set<String> = [
    "name", "names", "file", "filename", "file_name", "image", "image_id", "image_name", "img",
    "path", "filepath", "picture", "id", "key",
  ]

  private let region: ByteRegion
  private let bytes: [UInt8]
  private let limits: LabelFile.TableLimits
  private var cursor = 0
  /// The number of the line that was read last, from 1.
  private var line = 0
  /// The parts of that line.
  private var fields: [String] = []

  /// The parts of the first line that is not empty, and its number.
  private var first: [String] = []
  private var firstLine = 1
  private var paths: [String] = []
  private var known: Set<String> = []
  /// Of a table of two columns: the different words, and which of them each picture has.
  private var words: [String] = []
  private var wordNumbers: [String: Int] = [:]
  private var wordOfPicture: [Int] = []
  /// Of a table of more columns: all numbers.
  private var numbers: [Float] = []

  init(_ region: ByteRegion, _ limits: LabelFile.TableLimits) {
    (self.region, self.limits) = (region, limits)
    bytes = region.copy()
    // Editors on Windows write a mark of the encoding in front.
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { cursor = 3 }
  }

  private func damaged(_ expected: String, found: String, line: Int? = nil) -> FileError {
    FileError(
      .damaged, file: region.name, expected: "\(expected) in line \(line ?? self.line)",
      found: found)
  }

  // MARK: Lines

  /// Reads the next line that is not empty into `fields`.
  private mutating func readLine() throws(FileError) -> Bool {
    while cursor < bytes.count {
      if line % 4096 == 0 { try region.checkCancellation() }
      line += 1
      let start = cursor
      let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
      cursor = end + 1
      guard end - start <= limits.lineBytes else {
        throw damaged("at most \(limits.lineBytes) bytes", found: "\(end - start)")
      }
      let content = bytes[start..<end]
      guard !content.allSatisfy({ Self.blanks.contains($0) }) else { continue }
      fields.removeAll(keepingCapacity: true)
      try divide(content)
      return true
    }
    return false
  }

  private static let blanks: [UInt8] = [0x20, 0x09, 0x0D]
  private static let comma = UInt8(ascii: ",")
  private static let mark = UInt8(ascii: "\"")

  private mutating func divide(_ content: ArraySlice<UInt8>) throws(FileError) {
    var rest = content
    while true {
      rest = rest.drop { Self.blanks.contains($0) }
      var field: [UInt8] = []
      if rest.first == Self.mark {
        rest = rest.dropFirst()
        field = try quoted(&rest)
      } else {
        field = Array(rest.prefix { $0 != Self.comma })
        rest = rest.dropFirst(field.count)
        while let last = field.last, Self.blanks.contains(last) { field.removeLast() }
      }
      guard fields.count <= limits.dimension else {
        throw damaged("at most \(limits.dimension) numbers", found: "more")
      }
      guard let text = String(validating: field, as: UTF8.self) else {
        throw damaged("text in UTF-8", found: "other bytes")
      }
      fields.append(text)
      guard !rest.isEmpty else { return }
      rest = rest.dropFirst()
    }
  }

  /// What stands up to the closing quotation mark; `rest` is then empty or begins with a comma.
  private func quoted(_ rest: inout ArraySlice<UInt8>) throws(FileError) -> [UInt8] {
    var field: [UInt8] = []
    while let byte = rest.popFirst() {
      guard byte == Self.mark else {
        field.append(byte)
        continue
      }
      guard rest.first == Self.mark else {
        rest = rest.drop { Self.blanks.contains($0) }
        guard rest.first ?? Self.comma == Self.comma else {
          throw damaged("a comma behind quotation marks", found: "more")
        }
        return field
      }
      field.append(Self.mark)
      rest = rest.dropFirst()
    }
    throw damaged("a closing quotation mark", found: "the end of the line")
  }

  // MARK: Rows

  mutating func readRows() throws(FileError) {
    guard try readLine() else {
      throw FileError(
        .notRecognised, file: region.name, expected: "a table of labels", found: "empty lines")
    }
    guard fields.count > 1 else {
      throw FileError(
        .notRecognised, file: region.name,
        expected: "a table of labels: a name, a comma, and a class or numbers in line \(line)",
        found: fields[0])
    }
    (first, firstLine) = (fields, line)
    // Whether it is a heading, the other lines tell.
    known.insert(first[0])
    while try readLine() { try takeRow() }
  }

  private mutating func takeRow() throws(FileError) {
    guard fields.count == first.count else {
      throw damaged("\(first.count - 1) values, as before", found: "\(fields.count - 1)")
    }
    guard paths.count < limits.pictures else {
      throw damaged("at most \(limits.pictures) pictures", found: "more")
    }
    try checkName(fields[0])
    guard known.insert(fields[0]).inserted else {
      throw damaged("each picture once", found: "\(fields[0]) twice")
    }
    if fields.count == 2 {
      wordOfPicture.append(number(of: fields[1]))
    } else {
      for (place, field) in fields.dropFirst().enumerated() {
        guard let value = Self.float(field) else {
          throw damaged("number \(place + 1) of \(fields[0])", found: field)
        }
        numbers.append(value)
      }
    }
    paths.append(fields[0])
  }

  private func checkName(_ name: String) throws(FileError) {
    guard 1...limits.pathBytes ~= name.utf8.count else {
      throw damaged(
        "a picture's name of 1 to \(limits.pathBytes) bytes", found: "\(name.utf8.count)")
    }
  }

  private mutating func number(of word: String) -> Int {
    if let number = wordNumbers[word] { return number }
    wordNumbers[word] = words.count
    words.append(word)
    return words.count - 1
  }

  private static func float(_ text: String) -> Float? {
    // Swift reads hexadecimal and words for numbers, too.
    guard text.utf8.allSatisfy({ 0x30...0x39 ~= $0 || "+-.eE".utf8.contains($0) }) else {
      return nil
    }
    return Float(text).flatMap { $0.isFinite ? $0 : nil }
  }

  // MARK: Labels

  mutating func finish() throws(FileError) -> LabelFile {
    let hasWords = first.dropFirst().contains { Self.float($0) == nil }
    let othersAreNumbers = first.count > 2 || words.allSatisfy { Self.float($0) != nil }
    let begins = Self.headings.contains(first[0].lowercased())
    let isHeading = begins || hasWords && othersAreNumbers && !paths.isEmpty
    if !isHeading {
      (fields, line) = (first, firstLine)
      known.remove(first[0])
      let count = paths.count
      try takeRow()
      // It stands before the others.
      paths.insert(paths.remove(at: count), at: 0)
      if first.count == 2 {
        wordOfPicture.insert(wordOfPicture.remove(at: count), at: 0)
      } else {
        let own = Array(numbers.suffix(first.count - 1))
        numbers.removeLast(own.count)
        numbers.insert(contentsOf: own, at: 0)
      }
    }
    guard !paths.isEmpty else {
      throw damaged("a line for a picture behind the heading", found: "none")
    }
    guard first.count == 2 else { return try vectors(isHeading ? Array(first.dropFirst()) : []) }
    let whole = words.map { word in
      word.utf8.allSatisfy { 0x30...0x39 ~= $0 } ? Int(word) : nil
    }
    guard whole.contains(nil) else { return try classes(whole.compactMap(\.self)) }
    let all = words.map(Self.float)
    guard all.contains(nil) else {
      let all = all.compactMap(\.self)
      numbers = wordOfPicture.map { all[$0] }
      return try vectors(isHeading ? [first[1]] : [])
    }
    return try namedClasses()
  }

  private func classes(_ classes: [Int]) throws(FileError) -> LabelFile {
    if let large = classes.first(where: { $0 >= limits.dimension }) {
      throw FileError(
        .damaged, file: region.name, expected: "classes from 0 to \(limits.dimension - 1)",
        found: "\(large)")
    }
    return LabelFile(paths: paths, values: .classes(wordOfPicture.map { classes[$0] }))
  }

  private func namedClasses() throws(FileError) -> LabelFile {
    var names = LabelNames(ofClasses: limits.dimension, length: limits.nameLength)
    let order = words.indices.sorted {
      words[$0].utf8.lexicographicallyPrecedes(words[$1].utf8)
    }
    var classOfWord = [Int](repeating: 0, count: words.count)
    for (place, word) in order.enumerated() {
      classOfWord[word] = place
      if let objection = names.add(words[word]) {
        throw FileError(
          .damaged, file: region.name, expected: objection.expected, found: objection.found)
      }
    }
    return LabelFile(
      paths: paths, values: .classes(wordOfPicture.map { classOfWord[$0] }), names: names.names)
  }

  private func vectors(_ heading: [String]) throws(FileError) -> LabelFile {
    var names = LabelNames(limit: limits.dimension, length: limits.nameLength)
    for name in heading {
      if let objection = names.add(name) {
        throw damaged(objection.expected, found: objection.found, line: firstLine)
      }
    }
    let isCelebA = !heading.isEmpty && first[0] == "image_id" && numbers.allSatisfy { abs($0) == 1 }
    return LabelFile(
      paths: paths,
      values: .vectors(isCelebA ? numbers.map { max($0, 0) } : numbers, dimension: first.count - 1),
      names: names.names)
  }
}

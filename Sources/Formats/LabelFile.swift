// `dataset.json`, the labels of a data set: a class or a vector of numbers for each picture, and
// what the numbers are called.

/// The labels that a `dataset.json` gives to pictures, in the published form:
/// `{"labels": [["00000/img00000000.png", 6], …]}`, with a class or a list of numbers for each.
///
/// Beside lists, a second key may name their numbers: `"attributes": ["Smiling", …]`; beside classes,
/// one may name them, all that there are or more: `"class_names": ["cat", …]`. Published programs pass
/// both over.
public struct LabelFile: Hashable, Sendable {
  /// The labels, in the order of the pictures.
  public enum Values: Hashable, Sendable {
    /// A class for each picture, from 0.
    case classes([Int])
    /// As many numbers for each picture, one picture after the other.
    case vectors([Float], dimension: Int)
  }

  /// How much a file may hold.
  public struct Limits: Sendable {
    /// Bytes of the file: labels of two million pictures.
    public var fileBytes = 1 << 27
    /// Bytes of a picture's path.
    public var pathBytes = 1 << 12
    /// Classes, and numbers in a vector.
    public var dimension = 1 << 16
    /// How deep values may be nested that are not labels.
    public var depth = 32
    /// Names of numbers.
    public var names = 1 << 12
    /// Characters of a name.
    public var nameLength = 100

    /// The default limits.
    public init() {}
  }

  /// The name of the file in a data set.
  public static let name = "dataset.json"

  /// The pictures, as paths in the data set with `/` between the parts.
  public let paths: [String]
  /// Their labels.
  public let values: Values
  /// What the numbers of a vector, or the classes from 0 on, are called; empty if they have no names.
  public let names: [String]

  /// The labels of pictures.
  /// - Parameters:
  ///   - paths: the pictures; each path once.
  ///   - values: a label for each.
  ///   - names: a name for each number of a vector, or for each class and perhaps more, each name
  ///     once; none for no names.
  public init(paths: [String], values: Values, names: [String] = []) {
    switch values {
    case .classes(let classes):
      precondition(
        classes.count == paths.count, "\(classes.count) classes for \(paths.count) pictures")
      precondition(
        names.isEmpty || classes.allSatisfy { $0 < names.count },
        "\(names.count) names for classes up to \(classes.max() ?? 0)")
    case .vectors(let numbers, let dimension):
      precondition(
        dimension > 0 && numbers.count == paths.count * dimension,
        "\(numbers.count) numbers for \(paths.count) pictures and \(dimension) dimensions")
      precondition(
        names.isEmpty || names.count == dimension,
        "\(names.count) names for \(dimension) dimensions")
    }
    (self.paths, self.values, self.names) = (paths, values, names)
  }
}

// MARK: - Reading

extension LabelFile {
  /// Reads the file that fills `bytes`.
  ///
  /// Each path may be there once, and all labels are classes or all are vectors of one length. If
  /// there are names, they are as many as that length, and differ.
  /// - Parameters:
  ///   - bytes: the file.
  ///   - limits: how much it may hold.
  /// - Throws: `FileError` of kind `damaged`.
  /// - Returns: the labels; nil if the file says that there are none.
  public static func read(
    _ bytes: ByteRegion, limits: Limits = Limits()
  ) throws(FileError) -> LabelFile? {
    guard bytes.count <= limits.fileBytes else {
      throw bytes.error(
        at: 0, expected: "labels of at most \(limits.fileBytes) bytes", found: "\(bytes.count)")
    }
    var scanner = JSONScanner(bytes, subject: "file")
    // Editors on Windows write a mark of the encoding in front.
    if scanner.bytes.starts(with: [0xEF, 0xBB, 0xBF]) { scanner.cursor = 3 }
    var (reader, isNull): (LabelReader?, Bool) = (nil, false)
    var names: (values: [String], areOfClasses: Bool, offset: Int)?
    try scanner.object { (key, scanner) throws(FileError) in
      switch key {
      case "labels":
        isNull = scanner.skip(word: "null")
        guard !isNull else { return }
        var labels = LabelReader(limits)
        try scanner.array { (scanner) throws(FileError) in try labels.readPair(&scanner) }
        reader = labels
      case "attributes", classNamesKey:
        scanner.skipSpace()
        let offset = scanner.cursor
        guard !scanner.skip(word: "null") else { return }
        guard names == nil else {
          throw scanner.damaged("names of attributes or of classes", found: "both")
        }
        let areOfClasses = key == classNamesKey
        names = (try readNames(&scanner, limits, areOfClasses), areOfClasses, offset)
      default: try scanner.skipValue(depth: limits.depth)
      }
    }
    try scanner.requireEnd()
    guard let reader else {
      guard isNull else { throw scanner.damaged("\"labels\" in the object", found: "none") }
      return nil
    }
    guard let names else { return reader.file(names: []) }
    let count = names.values.count
    let fits =
      names.areOfClasses
      ? reader.dimension == 0 && reader.classCount <= count : reader.dimension == count && count > 0
    guard fits else {
      scanner.cursor = names.offset
      let found = reader.dimension.map { LabelReader.describe($0) } ?? "no labels"
      throw names.areOfClasses
        ? scanner.damaged(
          "labels of \(count) classes at most, one for each name",
          found: reader.dimension == 0 ? "\(reader.classCount) classes" : found)
        : scanner.damaged("labels with a number for each of \(count) attributes", found: found)
    }
    return reader.file(names: names.values)
  }

  /// The key of the names of classes.
  private static let classNamesKey = "class_names"

  private static func readNames(
    _ scanner: inout JSONScanner, _ limits: Limits, _ areOfClasses: Bool
  ) throws(FileError) -> [String] {
    var names =
      areOfClasses
      ? LabelNames(ofClasses: limits.dimension, length: limits.nameLength)
      : LabelNames(limit: limits.names, length: limits.nameLength)
    try scanner.array { (scanner) throws(FileError) in
      scanner.skipSpace()
      let offset = scanner.cursor
      guard let objection = names.add(try scanner.string()) else { return }
      scanner.cursor = offset
      throw scanner.damaged(objection.expected, found: objection.found)
    }
    return names.names
  }
}

/// The labels read so far.
private struct LabelReader {
  private var paths: [String] = []
  private var known: Set<String> = []
  private var classes: [Int] = []
  private var numbers: [Float] = []
  /// How many numbers a label has; 0 if labels are classes.
  private(set) var dimension: Int?
  private let limits: LabelFile.Limits

  init(_ limits: LabelFile.Limits) { self.limits = limits }

  /// The classes, of which the largest is the last.
  var classCount: Int { classes.max().map { $0 + 1 } ?? 0 }

  func file(names: [String]) -> LabelFile {
    guard let dimension, dimension > 0 else {
      return LabelFile(paths: paths, values: .classes(classes), names: names)
    }
    return LabelFile(paths: paths, values: .vectors(numbers, dimension: dimension), names: names)
  }

  /// Reads `[path, label]`.
  mutating func readPair(_ scanner: inout JSONScanner) throws(FileError) {
    try scanner.require("[")
    let path = try scanner.string()
    guard path.utf8.count <= limits.pathBytes else {
      throw scanner.damaged(
        "a path of at most \(limits.pathBytes) bytes", found: "\(path.utf8.count) bytes")
    }
    guard known.insert(path).inserted else {
      throw scanner.damaged("each picture once", found: "\(path) twice")
    }
    try scanner.require(",")
    scanner.skipSpace()
    let offset = scanner.cursor
    let found = try readLabel(&scanner, of: path)
    guard found == dimension ?? found else {
      scanner.cursor = offset
      throw scanner.damaged(
        "\(Self.describe(dimension)) for \(path), as before it", found: Self.describe(found))
    }
    dimension = found
    try scanner.require("]")
    paths.append(path)
  }

  static func describe(_ dimension: Int?) -> String {
    dimension == 0 ? "a class" : "a list of length \(dimension ?? 0)"
  }

  /// Reads a label and says how many numbers it is; 0 for a class.
  private mutating func readLabel(
    _ scanner: inout JSONScanner, of path: String
  ) throws(FileError) -> Int {
    guard scanner.next == UInt8(ascii: "[") else {
      let offset = scanner.cursor
      let (text, isWhole) = try scanner.number()
      guard isWhole, let index = Int(text), 0..<limits.dimension ~= index else {
        scanner.cursor = offset
        throw scanner.damaged(
          "a class from 0 to \(limits.dimension - 1) for \(path)", found: text)
      }
      classes.append(index)
      return 0
    }
    var count = 0
    try scanner.array { (scanner) throws(FileError) in
      let (text, _) = try scanner.number()
      guard let number = Float(text), number.isFinite else {
        throw scanner.damaged("a number that 32 bits hold for \(path)", found: text)
      }
      guard count < limits.dimension else {
        throw scanner.damaged("at most \(limits.dimension) numbers for \(path)", found: "more")
      }
      numbers.append(number)
      count += 1
    }
    guard count > 0 else { throw scanner.damaged("numbers for \(path)", found: "none") }
    return count
  }
}

// MARK: - Writing

extension LabelFile {
  /// The content of the file, as the published tool writes it, with the names behind the labels.
  public var encoded: [UInt8] {
    var text = Array("{\"labels\": [".utf8)
    text.reserveCapacity(64 * paths.count)
    for (index, path) in paths.enumerated() {
      text += "\(index == 0 ? "" : ", ")[\(quoted(path)), ".utf8
      append(labelAt: index, to: &text)
      text.append(UInt8(ascii: "]"))
    }
    text.append(UInt8(ascii: "]"))
    if !names.isEmpty {
      var key = "attributes"
      if case .classes = values { key = Self.classNamesKey }
      text += ", \"\(key)\": [\(names.map(quoted).joined(separator: ", "))]".utf8
    }
    return text + [UInt8(ascii: "}")]
  }

  private func append(labelAt index: Int, to text: inout [UInt8]) {
    switch values {
    case .classes(let classes): text += "\(classes[index])".utf8
    case .vectors(let numbers, let dimension):
      let vector = numbers[index * dimension..<(index + 1) * dimension]
      text += "[\(vector.map { "\($0)" }.joined(separator: ", "))]".utf8
    }
  }
}

/// The text as a string of JSON, in ASCII.
private func quoted(_ text: String) -> String {
  var quoted = "\""
  for unit in text.utf16 {
    switch unit {
    case 0x22, 0x5C: quoted += "\\" + String(decoding: [unit], as: UTF16.self)
    case 0x20..<0x7F: quoted += String(decoding: [unit], as: UTF16.self)
    default:
      let digits = String(unit, radix: 16)
      quoted += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
    }
  }
  return quoted + "\""
}

// The labels of all pictures of a data set, in the order of the pictures.

public import Formats

/// A label for each picture, or none for all.
public enum DatasetLabels: Hashable, Sendable {
  /// There are none.
  case none
  /// A class for each picture, how many classes there are, and a name for each class, or no names.
  case classes([Int], count: Int, names: [String] = [])
  /// As many numbers for each picture, and a name for each of them, or no names.
  case vectors([Float], dimension: Int, names: [String] = [])

  /// What the labels are.
  public var kind: LabelKind {
    switch self {
    case .none: .none
    case .classes(_, let count, _): .classes(count)
    case .vectors(_, let dimension, _): .vectors(dimension)
    }
  }

  /// The names of a vector's numbers, or of the classes; empty if they have none.
  public var names: [String] {
    switch self {
    case .none: []
    case .classes(_, _, let names), .vectors(_, _, let names): names
    }
  }

  /// The label of a picture.
  public subscript(index: Int) -> [Float] {
    switch self {
    case .none: []
    case .classes(let classes, let count, _): oneHot(classes[index], of: count)
    case .vectors(let numbers, let dimension, _):
      Array(numbers[index * dimension..<(index + 1) * dimension])
    }
  }

  /// The label of a picture in a few bytes.
  func bytes(at index: Int) -> [UInt8] {
    switch self {
    case .none: return []
    case .classes(let classes, _, _):
      return withUnsafeBytes(
        of: UInt32(truncatingIfNeeded: classes[index]).littleEndian, Array.init)
    case .vectors(let numbers, let dimension, _):
      return numbers[index * dimension..<(index + 1) * dimension].flatMap { number in
        withUnsafeBytes(of: number.bitPattern.littleEndian, Array.init)
      }
    }
  }

  /// The labels that a file gives to pictures.
  ///
  /// As in the published loader, there are as many classes as the largest one says, but all that have
  /// names, whether there are pictures of them or not; and a file may speak of pictures that are not
  /// there.
  ///
  /// - Parameters:
  ///   - file: The labels by path; nil for none.
  ///   - files: The pictures.
  ///   - indices: The numbers of the pictures that need a label.
  /// - Throws: `DatasetError` about the first picture that has none.
  public init(_ file: LabelFile?, of files: PictureFiles, _ indices: [Int]) throws(DatasetError) {
    guard let file else {
      self = .none
      return
    }
    // Published data sets have a label for each picture, in their order.
    guard files.pictures != file.paths else {
      self.init(file, rows: indices)
      return
    }
    var rows: [String: Int] = [:]
    rows.reserveCapacity(file.paths.count)
    for (row, path) in file.paths.enumerated() { rows[path] = row }
    let labelled = try Self.rows(
      of: indices, in: files, file: files.place(of: LabelFile.name),
      expected: "a label for each picture"
    ) { path in
      rows[path]
    }
    self.init(file, rows: labelled)
  }

  /// The labels in rows of a file.
  init(_ file: LabelFile, rows: [Int]) {
    switch file.values {
    case .classes(let classes):
      let own = rows.map { classes[$0] }
      let count = max((own.max() ?? 0) + 1, file.names.count)
      self = .classes(own, count: count, names: file.names)
    case .vectors(let numbers, let dimension):
      var own: [Float] = []
      own.reserveCapacity(rows.count * dimension)
      for row in rows { own += numbers[row * dimension..<(row + 1) * dimension] }
      self = .vectors(own, dimension: dimension, names: file.names)
    }
  }

  /// The labels that a list of attributes gives to pictures: 1 for what is true of them, else 0.
  ///
  /// A line is about the picture with its path, or else with its name in any folder; one about
  /// `000001.jpg` is about `000001.png` too, as of CelebA both are published.
  ///
  /// - Parameters:
  ///   - list: Which attributes are true of which pictures.
  ///   - files: The pictures.
  ///   - indices: The numbers of the pictures that need a label.
  /// - Throws: `DatasetError` about the first picture that is not in the list.
  public init(
    _ list: AttributeListFile, of files: PictureFiles, _ indices: [Int]
  ) throws(DatasetError) {
    var rows: [String: Int] = [:]
    for (row, name) in list.pictures.enumerated() { rows[name] = row }
    let listed = try Self.rows(
      of: indices, in: files, file: list.file, expected: "a line for each picture"
    ) { path in
      rows[path] ?? Self.listNames(of: path).lazy.compactMap { rows[$0] }.first
    }
    self = .vectors(
      listed.flatMap { row in list.values(at: row).map { $0 ? 1 : 0 } },
      dimension: list.attributes.count, names: list.attributes)
  }

  /// The names that a list may have for a picture, beside its path.
  static func listNames(of path: String) -> [String] {
    let name = path.split(separator: "/").last.map(String.init) ?? path
    let stem = name.dropLast(4)
    return name.lowercased().hasSuffix(".png") ? [name, "\(stem).jpg"] : [name]
  }

  /// The row of each picture, which `row` gives for its path.
  static func rows(
    of indices: [Int], in files: PictureFiles, file: String, expected: String,
    row: (String) -> Int?
  ) throws(DatasetError) -> [Int] {
    // Programs on Windows write names with backslashes, but their labels with slashes.
    let found = indices.map { row(files.pictures[$0].replacing("\\", with: "/")) }
    let missing = zip(indices, found).filter { $0.1 == nil }.map(\.0)
    if let first = missing.first {
      throw DatasetError(
        FileError(
          .damaged, file: file, expected: expected, found: "none for \(files.pictures[first])"),
        index: first, others: missing.count - 1)
    }
    return found.compactMap(\.self)
  }

  /// The labels as a file gives them to pictures.
  ///
  /// - Parameter paths: The pictures, as many as there are labels.
  /// - Returns: The file; nil if there are no labels.
  public func file(paths: [String]) -> LabelFile? {
    switch self {
    case .none: nil
    case .classes(let classes, _, let names):
      LabelFile(paths: paths, values: .classes(classes), names: names)
    case .vectors(let numbers, let dimension, let names):
      LabelFile(paths: paths, values: .vectors(numbers, dimension: dimension), names: names)
    }
  }
}

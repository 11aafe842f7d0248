// The labels of all pictures of a data set, in the order of the pictures.

public import Formats

/// A label for each picture, or none for all.
public enum DatasetLabels: Hashable, Sendable {
  /// There are none.
  case none
  /// A class for each picture, and how many classes there are.
  case classes([Int], count: Int)
  /// As many numbers for each picture.
  case vectors([Float], dimension: Int)

  /// What the labels are.
  public var kind: LabelKind {
    switch self {
    case .none: .none
    case .classes(_, let count): .classes(count)
    case .vectors(_, let dimension): .vectors(dimension)
    }
  }

  /// The label of a picture.
  public subscript(index: Int) -> [Float] {
    switch self {
    case .none: []
    case .classes(let classes, let count): oneHot(classes[index], of: count)
    case .vectors(let numbers, let dimension):
      Array(numbers[index * dimension..<(index + 1) * dimension])
    }
  }

  /// The label of a picture in a few bytes.
  func bytes(at index: Int) -> [UInt8] {
    switch self {
    case .none: return []
    case .classes(let classes, _):
      return withUnsafeBytes(
        of: UInt32(truncatingIfNeeded: classes[index]).littleEndian, Array.init)
    case .vectors(let numbers, let dimension):
      return numbers[index * dimension..<(index + 1) * dimension].flatMap { number in
        withUnsafeBytes(of: number.bitPattern.littleEndian, Array.init)
      }
    }
  }

  /// The labels that a file gives to pictures.
  ///
  /// As in the published loader, there are as many classes as the largest one says, and a file may
  /// speak of pictures that are not there.
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
    var rows: [String: Int] = [:]
    for (row, path) in file.paths.enumerated() { rows[path] = row }
    // Programs on Windows write names with backslashes, but their labels with slashes.
    let found = indices.map { rows[files.pictures[$0].replacing("\\", with: "/")] }
    let missing = zip(indices, found).filter { $0.1 == nil }.map(\.0)
    if let first = missing.first {
      throw DatasetError(
        FileError(
          .damaged, file: files.place(of: LabelFile.name), expected: "a label for each picture",
          found: "none for \(files.pictures[first])"), index: first, others: missing.count - 1)
    }
    let labelled = found.compactMap(\.self)
    switch file.values {
    case .classes(let classes):
      let own = labelled.map { classes[$0] }
      self = .classes(own, count: (own.max() ?? 0) + 1)
    case .vectors(let numbers, let dimension):
      self = .vectors(
        labelled.flatMap { numbers[$0 * dimension..<($0 + 1) * dimension] }, dimension: dimension)
    }
  }

  /// The labels as a file gives them to pictures.
  ///
  /// - Parameter paths: The pictures, as many as there are labels.
  /// - Returns: The file; nil if there are no labels.
  public func file(paths: [String]) -> LabelFile? {
    switch self {
    case .none: nil
    case .classes(let classes, _): LabelFile(paths: paths, values: .classes(classes))
    case .vectors(let numbers, let dimension):
      LabelFile(paths: paths, values: .vectors(numbers, dimension: dimension))
    }
  }
}

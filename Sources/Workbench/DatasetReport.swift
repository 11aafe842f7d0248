// What a folder or archive of pictures holds, as plain values for people and programs.

import Datasets
import Formats

/// What a data set holds, or what keeps a folder or archive from being one.
public struct DatasetReport: Encodable, Sendable {
  /// How many pictures are of a size.
  public struct SizeCount: Encodable, Hashable, Sendable {
    /// Columns.
    public let width: Int
    /// Rows.
    public let height: Int
    /// 1 grey, 2 grey and alpha, 3 RGB, 4 RGBA.
    public let channels: Int
    /// Pictures of this size.
    public let pictures: Int
  }

  /// What the labels are.
  public struct Labels: Encodable, Sendable {
    /// `classes` or `vectors`.
    public let kind: String
    /// The number of classes, or of numbers in a vector.
    public let dimension: Int
    /// For classes: how many pictures are of each.
    public let counts: [Int]?
    /// For vectors: the mean of each number.
    public let means: [Double]?
    /// The name of each class, or of each number of a vector; nil if they have none.
    public let names: [String]?
    /// Pictures that have a label and are not there.
    public let absent: [String]
  }

  /// A file that does not belong into the data set, or cannot be read.
  public struct Problem: Encodable, Hashable, Sendable {
    /// The file.
    public let file: String
    /// What is wrong, on one line.
    public let reason: String

    init(_ error: FileError) { (file, reason) = (error.file, "\(error)") }
  }

  /// The folder or archive.
  public let file: String
  /// What people call it.
  public let name: String
  /// `folder`, `zip`, `lmdb`, or what a published data set is called.
  public let form: String
  /// Files that are pictures by their names.
  public let pictures: Int
  /// The bytes of these files.
  public let bytes: Int
  /// Files that are no pictures and no labels.
  public let otherFiles: Int
  /// How many pictures are of each size, the most common first.
  public let sizes: [SizeCount]
  /// How many pictures are of each format; samples that stand in files as they are have none.
  public let formats: [String: Int]
  /// The labels; nil if there are none, or they are damaged.
  public let labels: Labels?
  /// What keeps it from being a data set.
  public private(set) var problems: [Problem]
}

extension DatasetReport {
  /// Describes pictures whose sizes are known.
  ///
  /// - Parameters:
  ///   - files: The pictures.
  ///   - survey: Their sizes.
  ///   - problems: What is wrong with single pictures; nil for what the sizes tell.
  init(_ files: PictureFiles, _ survey: PictureSurvey, problems: [FileError]? = nil) {
    (file, name, form) = (files.path, files.name, files.form)
    (pictures, otherFiles) = (files.pictures.count, files.otherFiles.count)
    bytes = files.pictures.indices.reduce(0) { $0 + (files.byteCount(at: $1) ?? 0) }
    var sizes: [PictureSize: Int] = [:]
    var formats: [String: Int] = [:]
    for header in survey.headers.compactMap(\.self) {
      sizes[PictureSize(header), default: 0] += 1
      if let format = header.format { formats[format.rawValue, default: 0] += 1 }
    }
    self.formats = formats
    self.sizes = sizes.map { size, count in
      SizeCount(width: size.width, height: size.height, channels: size.channels, pictures: count)
    }.sorted {
      ($1.pictures, $0.width, $0.height, $0.channels)
        < ($0.pictures, $1.width, $1.height, $1.channels)
    }
    var errors = files.objections + (problems ?? survey.problems.map(\.error))
    do {
      labels = try Self.labels(of: files)
    } catch {
      labels = nil
      errors.append(error.error)
    }
    self.problems = errors.map(Problem.init)
  }

  private static func labels(of files: PictureFiles) throws(DatasetError) -> Labels? {
    guard let file = try files.labelFile() else { return nil }
    let known = Set(files.pictures.map { $0.replacing("\\", with: "/") })
    let absent = file.paths.filter { !known.contains($0) }
    switch try DatasetLabels(file, of: files, Array(files.pictures.indices)) {
    case .none: return nil
    case .classes(let classes, let count, let names):
      var counts = [Int](repeating: 0, count: count)
      for index in classes { counts[index] += 1 }
      return Labels(
        kind: "classes", dimension: count, counts: counts, means: nil,
        names: names.isEmpty ? nil : names, absent: absent)
    case .vectors(let numbers, let dimension, let names):
      var sums = [Double](repeating: 0, count: dimension)
      for (place, number) in numbers.enumerated() { sums[place % dimension] += Double(number) }
      let count = Double(max(1, numbers.count / dimension))
      return Labels(
        kind: "vectors", dimension: dimension, counts: nil, means: sums.map { $0 / count },
        names: names.isEmpty ? nil : names, absent: absent)
    }
  }

  /// The report as lines for people.
  public var lines: [String] {
    let kinds = formats.sorted { $0.key < $1.key }.map { "\(grouped($0.value)) \($0.key)" }
    var lines = [
      "\(file): \(form), \(counted(pictures, "picture"))"
        + (kinds.isEmpty ? "" : " (\(kinds.joined(separator: ", ")))") + ", "
        + counted(bytes, "byte")
    ]
    lines += sizes.prefix(8).map { size in
      let words = PictureSize(width: size.width, height: size.height, channels: size.channels)
      return "  \(words): \(counted(size.pictures, "picture"))"
    }
    if sizes.count > 8 { lines.append("  and \(counted(sizes.count - 8, "more size"))") }
    lines += labels?.lines ?? ["  no labels"]
    if otherFiles > 0 { lines.append("  \(counted(otherFiles, "other file"))") }
    return lines + problems.map { "  bad: \($0.reason)" }
  }
}

extension DatasetReport.Labels {
  fileprivate var lines: [String] {
    let shown = 16
    var parts: [String] = []
    if let counts {
      parts = counts.prefix(shown).enumerated().map { "\($0): \(grouped($1))" }
    } else if let means {
      parts = means.prefix(shown).map { "\(($0 * 1000).rounded() / 1000)" }
    }
    let more = dimension > shown ? ", …" : ""
    let what =
      counts == nil
      ? "vectors of \(dimension), means" : "\(counted(dimension, "class", "classes")), pictures"
    let line = "  labels: \(what) \(parts.joined(separator: ", "))\(more)"
    let named = counts == nil ? "numbers" : "classes"
    return [line] + (names.map { ["  names of the \(named): \(shortened($0))"] } ?? [])
      + (absent.isEmpty ? [] : ["  labels of pictures that are not there: \(shortened(absent))"])
  }
}

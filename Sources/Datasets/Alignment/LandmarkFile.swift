// The points of faces in text files: our own tables, and CelebA's list.

public import Formats
import Foundation

/// The points of the faces in pictures, as a table of text.
///
/// The first line names the columns: `file`, `left_eye_x`, `left_eye_y`, and so on for `right_eye`,
/// `left_mouth` and `right_mouth`; other columns are passed over. Columns are divided by commas or
/// blanks. CelebA's `list_landmarks_celeba.txt` is read as it is: a count comes first, `lefteye_x`
/// is as good a name, and the column of files has none. A picture with several faces has several
/// lines.
public struct LandmarkFile: Hashable, Sendable {
  /// The faces of each picture, by its path in the folder or archive, in the order of the lines.
  public let faces: [String: [FaceLandmarks]]

  /// The most bytes of a file.
  private static let byteLimit = 1 << 28
  /// What every coordinate is below, in pixels.
  private static let numberLimit = 1e6
  private static let columns = [
    "lefteyex", "lefteyey", "righteyex", "righteyey", "leftmouthx", "leftmouthy", "rightmouthx",
    "rightmouthy",
  ]

  /// Reads a table.
  ///
  /// - Parameter path: The file.
  /// - Throws: `FileError` if it cannot be read, lacks a column, or a line does not fit.
  public init(path: String) throws(FileError) {
    let bytes = try ByteRegion(mapping: path)
    guard bytes.count <= Self.byteLimit else {
      throw FileError(
        .damaged, file: path, expected: "a table of points of at most \(Self.byteLimit) bytes",
        found: "\(bytes.count)")
    }
    guard let text = String(bytes: bytes.copy(), encoding: .utf8) else {
      throw FileError(
        .notRecognised, file: path, expected: "a table of points, in text",
        found: FileForm.words(for: bytes))
    }
    var lines = Substring(text).split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
      .enumerated().filter { !$0.element.trimmed.isEmpty }.makeIterator()
    var header = lines.next()
    if let count = header?.element, Int(count.trimmed) != nil { header = lines.next() }
    let heading = header.map { fields($0.element) } ?? []
    guard case let names = heading.map(normalised),
      case let places = Self.columns.map({ names.firstIndex(of: $0) }),
      !places.contains(nil)
    else {
      throw FileError(
        .notRecognised, file: path,
        expected: "a first line with file, left_eye_x, left_eye_y, right_eye_x, right_eye_y, "
          + "left_mouth_x, left_mouth_y, right_mouth_x and right_mouth_y",
        found: header.map { lineForError($0.element) } ?? "nothing")
    }
    let filePlace = names.firstIndex(of: "file") ?? names.firstIndex(of: "imageid")
    var faces: [String: [FaceLandmarks]] = [:]
    while let (number, line) = lines.next() {
      let values = fields(line)
      // CelebA's heading leaves out the column of files, which comes first.
      let shift = filePlace == nil ? 1 : 0
      let numbers = places.compactMap { place in
        place.flatMap { values.indices.contains($0 + shift) ? Double(values[$0 + shift]) : nil }
      }
      guard values.count == names.count + shift, numbers.count == places.count else {
        throw FileError(
          .damaged, file: path,
          expected: "\(names.count + shift) values in line \(number + 1), numbers among them",
          found: lineForError(line))
      }
      if let wrong = numbers.indices.first(where: { !(numbers[$0].magnitude < Self.numberLimit) }),
        let place = places[wrong]
      {
        throw FileError(
          .damaged, file: path,
          expected: "a number of pixels below \(Int(Self.numberLimit)) in line \(number + 1), "
            + "column \(heading[place])", found: values[place + shift])
      }
      faces[values[filePlace ?? 0], default: []].append(FaceLandmarks(numbers))
    }
    self.faces = faces
  }
}

extension FaceLandmarks {
  /// The points from eight numbers: x and y of the left eye, the right eye, and the left and right
  /// corner of the mouth; traps if there are more or fewer.
  public init(_ numbers: [Double]) {
    precondition(numbers.count == 8, "\(numbers.count) numbers for four points")
    func point(_ index: Int) -> ImagePoint {
      ImagePoint(x: numbers[2 * index], y: numbers[2 * index + 1])
    }
    self.init(
      leftEye: point(0), rightEye: point(1), leftMouth: point(2), rightMouth: point(3))
  }

  /// All points: left eye, right eye, left and right corner of the mouth.
  public var points: [ImagePoint] { [leftEye, rightEye, leftMouth, rightMouth] }
}

/// The values of a line, which commas divide, or else blanks; quoted ones may hold commas.
private func fields(_ line: Substring) -> [String] {
  guard line.contains(",") else {
    return line.split(whereSeparator: \.isWhitespace).map(String.init)
  }
  var (values, isQuoted) = ([""], false)
  for letter in line {
    switch letter {
    case "\"": isQuoted.toggle()
    case "," where !isQuoted: values.append("")
    default: values[values.count - 1].append(letter)
    }
  }
  return values.map { String(Substring($0).trimmed) }
}

/// The name of a column without capitals, blanks and underscores.
private func normalised(_ name: String) -> String {
  name.lowercased().filter { $0 != "_" && $0 != " " }
}

/// The start of a line.
private func lineForError(_ line: Substring) -> String {
  line.count > 60 ? "\(line.prefix(60))…" : String(line)
}

extension Substring {
  fileprivate var trimmed: Substring {
    let start = drop(while: \.isWhitespace)
    guard let last = start.lastIndex(where: { !$0.isWhitespace }) else { return start.prefix(0) }
    return start[...last]
  }
}

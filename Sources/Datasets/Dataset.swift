// What a data set is: numbered pictures of one size, each perhaps with a label.

public import Formats

/// The size that all pictures of a data set have.
public struct ImageShape: Hashable, Codable, Sendable {
  /// Rows and columns: a power of two, or three times one from 12 on.
  public let resolution: Int
  /// 1 grey, 3 RGB, 4 RGBA.
  public let channels: Int

  /// A square of pixels.
  public init(resolution: Int, channels: Int) {
    (self.resolution, self.channels) = (resolution, channels)
  }

  /// Whether networks are made for pictures of this side, in pixels.
  public static func allows(_ side: Int) -> Bool {
    side > 0
      && (side.nonzeroBitCount == 1
        || side >= 12 && side.isMultiple(of: 3)
          && (side / 3).nonzeroBitCount == 1)
  }

  /// Bytes of a picture.
  public var byteCount: Int { resolution * resolution * channels }
}

/// What the labels of a data set are.
public enum LabelKind: Hashable, Codable, Sendable {
  /// There are none.
  case none
  /// One of so many classes; the label is 1 in the place of the class, and 0 elsewhere.
  case classes(Int)
  /// So many numbers.
  case vectors(Int)

  /// The length of a label.
  public var dimension: Int {
    switch self {
    case .none: 0
    case .classes(let count), .vectors(let count): count
    }
  }
}

/// Numbered pictures of one size, and their labels.
///
/// Nothing changes while a data set is used, so it may be read from several threads at a time.
public protocol Dataset: Sendable {
  /// What people call it: the name of its folder or file.
  var name: String { get }
  /// The number of pictures.
  var count: Int { get }
  /// The size of every picture.
  var shape: ImageShape { get }
  /// What the labels are.
  var labelKind: LabelKind { get }
  /// The names of a vector's numbers, or of the classes; empty if they have none.
  var labelNames: [String] { get }
  /// What tells it from other data sets of as many pictures; computed when it is asked for.
  var fingerprint: DatasetFingerprint { get }

  /// Decodes or draws a picture.
  ///
  /// - Parameter index: From 0.
  /// - Returns: A picture of the data set's shape.
  /// - Throws: `DatasetError` that names the file.
  func image(at index: Int) throws(DatasetError) -> ByteImage

  /// The label of a picture.
  ///
  /// - Parameter index: From 0.
  /// - Returns: As many numbers as the labels' dimension.
  func label(at index: Int) -> [Float]

  /// Whom a picture shows: pictures of one number show one person, or whatever else classes are.
  ///
  /// - Parameter index: From 0.
  /// - Returns: The number; nil if the data set does not say.
  func person(at index: Int) -> Int?
}

extension Dataset {
  /// The class of labels that are classes; others do not say.
  public func person(at index: Int) -> Int? {
    guard case .classes = labelKind else { return nil }
    return label(at: index).firstIndex(of: 1)
  }

  /// No names.
  public var labelNames: [String] { [] }
}

/// The number in the place of a class is 1, all others are 0.
func oneHot(_ index: Int, of count: Int) -> [Float] {
  var label = [Float](repeating: 0, count: count)
  label[index] = 1
  return label
}

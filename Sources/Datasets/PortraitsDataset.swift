// A data set of portraits, drawn when they are asked for.

public import Formats

/// Portraits of people who do not exist, without end, with labels that are known exactly.
///
/// Picture `i` shows identity `seed + i / picturesPerIdentity` as nuisance seed `seed + i` has it.
public struct PortraitsDataset: Dataset {
  /// The number of pictures.
  public let count: Int
  /// The size of every picture: RGB.
  public let shape: ImageShape
  /// The seed of the first picture.
  public let seed: UInt64
  /// How many pictures in a row show the same person.
  public let picturesPerIdentity: Int
  /// The attributes that are the labels: one gives two classes, several a vector of 0 and 1.
  public let attributes: [PortraitAttribute]

  /// A data set of portraits.
  ///
  /// - Parameters:
  ///   - count: The number of pictures.
  ///   - resolution: Rows and columns, a power of two.
  ///   - seed: The seed of the first picture.
  ///   - picturesPerIdentity: How many pictures in a row show the same person.
  ///   - attributes: The attributes that are the labels; none for no labels.
  public init(
    count: Int, resolution: Int, seed: UInt64 = 0, picturesPerIdentity: Int = 1,
    attributes: [PortraitAttribute] = []
  ) {
    precondition(
      count > 0 && picturesPerIdentity > 0, "\(count) pictures, \(picturesPerIdentity) of each")
    precondition(
      resolution > 0 && resolution & (resolution - 1) == 0, "\(resolution) is no power of two")
    (self.count, self.seed, self.picturesPerIdentity) = (count, seed, picturesPerIdentity)
    self.attributes = attributes
    shape = ImageShape(resolution: resolution, channels: 3)
  }

  /// The version of the drawing.
  public var name: String { Portrait.version }

  /// Two classes, not and having the attribute; or a number for each of several attributes.
  public var labelKind: LabelKind {
    switch attributes.count {
    case 0: .none
    case 1: .classes(2)
    default: .vectors(attributes.count)
    }
  }

  /// The attributes' names, if labels are vectors.
  public var labelNames: [String] {
    guard case .vectors = labelKind else { return [] }
    return attributes.map(\.rawValue)
  }

  /// The version of the drawing, and what decides which portraits are drawn.
  public var fingerprint: DatasetFingerprint {
    let words = attributes.map(\.rawValue).joined(separator: ",")
    return DatasetFingerprint(madeBy: "\(name) \(seed) \(picturesPerIdentity) \(words)")
  }

  /// Who and what a picture shows.
  ///
  /// - Parameter index: From 0.
  /// - Returns: The portrait, not drawn yet.
  public func portrait(at index: Int) -> Portrait {
    Portrait(
      identity: seed &+ UInt64(index / picturesPerIdentity), nuisance: seed &+ UInt64(index))
  }

  /// Whom a picture shows, whatever the labels are.
  public func person(at index: Int) -> Int? { index / picturesPerIdentity }

  /// Draws a picture.
  public func image(at index: Int) throws(DatasetError) -> ByteImage {
    portrait(at: index).image(size: shape.resolution)
  }

  /// The label of a picture.
  public func label(at index: Int) -> [Float] { labels(of: index..<index + 1)[0] }

  /// The labels of all pictures.
  public var labels: DatasetLabels { labels(of: 0..<count) }

  private func labels(of indices: Range<Int>) -> DatasetLabels {
    let values = indices.flatMap { index in
      let portrait = portrait(at: index)
      return attributes.map { portrait[$0] ? 1 : 0 }
    }
    switch labelKind {
    case .none: return .none
    case .classes(let count): return .classes(values, count: count)
    case .vectors(let dimension):
      return .vectors(values.map(Float.init), dimension: dimension, names: labelNames)
    }
  }
}

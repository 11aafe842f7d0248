// A part of a data set, and mirrored copies of its pictures.

public import Formats

/// Chosen pictures of a data set, perhaps followed by their mirror images, as published training
/// takes them.
public struct DatasetView: Dataset {
  private let base: any Dataset
  private let indices: [Int]
  private let isMirrored: Bool

  /// A view of a data set.
  ///
  /// Which pictures make a random subset is for the caller to draw: the published rule needs
  /// NumPy's random stream, which `RandomState` of the module Tensors is.
  ///
  /// - Parameters:
  ///   - base: The data set.
  ///   - indices: The pictures, in their order; nil for all.
  ///   - mirror: Whether all of them follow again, with left and right exchanged.
  public init(_ base: any Dataset, indices: [Int]? = nil, mirror: Bool = false) {
    let indices = indices ?? Array(0..<base.count)
    precondition(
      indices.allSatisfy { 0..<base.count ~= $0 }, "pictures beyond the \(base.count) there are")
    (self.base, self.indices, isMirrored) = (base, indices, mirror)
  }

  /// The name of the data set.
  public var name: String { base.name }

  /// The pictures, and their mirror images.
  public var count: Int { isMirrored ? 2 * indices.count : indices.count }

  /// The size of every picture.
  public var shape: ImageShape { base.shape }

  /// What the labels are: those of the whole data set.
  public var labelKind: LabelKind { base.labelKind }

  /// The names of a vector's numbers: those of the whole data set.
  public var labelNames: [String] { base.labelNames }

  /// What tells the whole data set from others.
  public var fingerprint: DatasetFingerprint { base.fingerprint }

  /// Decodes or draws a picture, mirrored in the second half.
  public func image(at index: Int) throws(DatasetError) -> ByteImage {
    let image = try base.image(at: indices[index % indices.count])
    return index < indices.count ? image : image.mirrored
  }

  /// The label of a picture, which mirroring does not change.
  public func label(at index: Int) -> [Float] { base.label(at: indices[index % indices.count]) }

  /// Whom a picture shows, mirrored or not.
  public func person(at index: Int) -> Int? { base.person(at: indices[index % indices.count]) }
}

// A data set that a job writes, in a few values.

import Datasets
import Formats

/// A data set that will be written, or has been.
public struct DatasetSummary: Encodable, Sendable {
  /// The folder or archive.
  public let file: String
  /// The number of pictures.
  public let pictures: Int
  /// Rows and columns of each.
  public let resolution: Int
  /// 1 grey, 3 RGB, 4 RGBA.
  public let channels: Int
  /// `none`, `classes` or `vectors`.
  public let labels: String
  /// The length of a label.
  public let labelDimension: Int
  /// Pictures of the source that are left out because they are too small.
  public let leftOut: [String]
  /// The sheet, if one is written.
  public let sheet: String?

  init(
    _ file: String, pictures: Int, _ shape: ImageShape, _ labels: LabelKind, leftOut: [String] = [],
    sheet: String?
  ) {
    (self.file, self.pictures, self.leftOut, self.sheet) = (file, pictures, leftOut, sheet)
    (resolution, channels) = (shape.resolution, shape.channels)
    labelDimension = labels.dimension
    self.labels =
      switch labels {
      case .none: "none"
      case .classes: "classes"
      case .vectors: "vectors"
      }
  }

  /// The summary as lines for people.
  public var lines: [String] {
    let size = PictureSize(width: resolution, height: resolution, channels: channels)
    let label = labels == "none" ? "no labels" : "labels: \(labels), \(labelDimension)"
    let skipped = leftOut.isEmpty ? [] : ["left out, too small: \(shortened(leftOut))"]
    return ["\(file): \(counted(pictures, "picture")), \(size), \(label)"] + skipped
      + (sheet.map { [$0] } ?? [])
  }
}

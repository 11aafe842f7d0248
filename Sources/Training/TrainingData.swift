// The pictures that a training learns from, as plain values that a run folder keeps.

/// The pictures that a training learns from.
public struct TrainingData: Codable, Hashable, Sendable {
  /// Where they are, as it was typed: `portraits`, a folder or an archive.
  public var source: String
  /// The whole path of a folder or archive, so that it is found from anywhere; nil for what is
  /// drawn, and in options from before they kept it.
  public var path: String?
  /// What people call them.
  public var name: String
  /// Pictures, those that mirroring adds among them.
  public var count: Int
  /// Rows and columns, in pixels.
  public var resolution: Int
  /// 1 grey, 3 RGB, 4 RGB with opacity.
  public var channels: Int
  /// The length of a label; 0 for training without labels.
  public var labelDim: Int
  /// Whether all pictures are seen mirrored, too.
  public var mirror: Bool
  /// How many pictures were chosen at random; nil for all.
  public var subset: Int?
  /// Of what is drawn, how many pictures show the same person; nil for one.
  public var picturesPerIdentity: Int?

  /// Pictures of a source.
  public init(
    source: String, path: String? = nil, name: String, count: Int, resolution: Int, channels: Int,
    labelDim: Int, mirror: Bool, subset: Int?, picturesPerIdentity: Int? = nil
  ) {
    (self.source, self.path, self.name, self.count) = (source, path, name, count)
    (self.resolution, self.channels, self.labelDim) = (resolution, channels, labelDim)
    (self.mirror, self.subset) = (mirror, subset)
    self.picturesPerIdentity = picturesPerIdentity
  }

  /// What names of folders say of the data, in words.
  var folderWords: [String] {
    [
      name.filter { $0.isLetter || $0.isNumber || "-_.".contains($0) },
      labelDim > 0 ? "cond" : nil, subset.map { "subset\($0)" }, mirror ? "mirror" : nil,
    ].compactMap(\.self)
  }
}

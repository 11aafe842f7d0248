// A data set of pictures in files: a folder, an archive, or a data set as it is published.

public import Formats

/// Pictures in a folder, an archive or a published data set, all of one size, with the labels of
/// `dataset.json` or those of the published data set.
public struct ImageDataset: Dataset {
  /// The pictures' files.
  public let files: PictureFiles
  /// The size of every picture.
  public let shape: ImageShape
  private let labels: DatasetLabels

  /// Opens a folder or archive.
  ///
  /// The sizes of all pictures are looked at; the pixels are not decoded yet.
  ///
  /// - Parameters:
  ///   - path: A folder, a ZIP archive, or a published data set: an LMDB database, CIFAR-10, CIFAR-100,
  ///     STL-10 or MNIST, of which the part `train` is taken.
  ///   - readsLabels: Whether labels are read; else there are none.
  /// - Throws: `DatasetError` if there are no pictures, or one of them does not fit the others, or
  ///   has no label.
  public init(path: String, readsLabels: Bool = true) throws(DatasetError) {
    let files: PictureFiles
    do throws(FileError) {
      files = try PictureFiles(path: path)
      if let objection = files.objections.first { throw objection }
    } catch {
      throw DatasetError(error)
    }
    try self.init(files, PictureSurvey(files), readsLabels: readsLabels)
  }

  /// A data set of files whose sizes are known.
  ///
  /// - Parameters:
  ///   - files: The pictures.
  ///   - survey: Their sizes.
  ///   - readsLabels: Whether `dataset.json` is read; else there are no labels.
  /// - Throws: `DatasetError`, as `init(path:readsLabels:)` does.
  public init(
    _ files: PictureFiles, _ survey: PictureSurvey, readsLabels: Bool = true
  ) throws(DatasetError) {
    if let failure = survey.failure { throw failure }
    guard let shape = survey.shape else {
      throw DatasetError(files.emptiness)
    }
    (self.files, self.shape) = (files, shape)
    labels = try DatasetLabels(
      readsLabels ? files.labelFile() : nil, of: files, Array(files.pictures.indices))
  }

  /// The name of the folder or archive, without its ending.
  public var name: String { files.name }

  /// The number of pictures.
  public var count: Int { files.pictures.count }

  /// What the labels are.
  public var labelKind: LabelKind { labels.kind }

  /// The names of a vector's numbers or of the classes, as `dataset.json` or the published data set has
  /// them; empty if it has none.
  public var labelNames: [String] { labels.names }

  /// What tells it from others: the names and labels of all pictures, the files of some.
  public var fingerprint: DatasetFingerprint {
    DatasetFingerprint(of: count) { index in
      Array(files.pictures[index].utf8) + labels.bytes(at: index)
    } content: {
      try? files.bytes(at: $0)
    }
  }

  /// Decodes a picture.
  public func image(at index: Int) throws(DatasetError) -> ByteImage {
    let image = try files.image(at: index)
    let size = PictureSize(width: image.width, height: image.height, channels: image.channels)
    guard size.shape == shape else {
      throw DatasetError(
        FileError(
          .damaged, file: files.place(of: files.pictures[index]),
          expected: "the same picture as before", found: "\(size)"), index: index)
    }
    return image
  }

  /// The label of a picture.
  public func label(at index: Int) -> [Float] { labels[index] }

  /// The class of a picture, if labels are classes.
  public func person(at index: Int) -> Int? {
    guard case .classes(let classes, _, _) = labels else { return nil }
    return classes[index]
  }
}

// The pictures in a folder, an archive or a published data set, as they are, before anything is asked
// of them.

public import Formats
import SystemPackage

/// The pictures in a folder, with all that is below it, in a ZIP archive, in an LMDB database, or in the
/// files of CIFAR-10, CIFAR-100, STL-10 or MNIST as they are published.
///
/// What a place is, its content tells: a folder with `data.mdb` is a database, one with
/// `data_batch_1.bin` is CIFAR-10, and a tar archive with such files in it, too. In all other folders,
/// and in ZIP archives, a file counts as a picture if its name ends as those of pictures do; what it
/// is, its content tells when it is opened.
public struct PictureFiles: Sendable {
  /// In which order the pictures are numbered; both compare letters by their Unicode numbers.
  public enum Order: Sendable {
    /// By whole paths, as the published loader numbers them.
    case byPath
    /// By the parts of paths, as the published tool takes the files of a folder; an archive's are
    /// taken by whole paths there too.
    case byParts
  }

  /// The folder or file, as the caller named it.
  public let path: String
  /// The paths of the pictures in it, with `/` between the parts; keys in a database, and in files of
  /// many pictures the file and a number.
  public let pictures: [String]
  /// The paths of all other files in it.
  public let otherFiles: [String]
  /// What in a folder could not be looked at.
  public let objections: [FileError]
  private let store: Store

  private enum Store: Sendable {
    case folder(String)
    case archive(ZIPArchive)
    case database(PictureDatabase)
    case samples(SampleSet)
  }

  /// Whether the pictures are no files of their own, but parts of an archive or of larger files.
  public var isArchive: Bool {
    guard case .folder = store else { return true }
    return false
  }

  /// What kind of place it is: `folder`, `zip`, `lmdb`, or what people call the data set.
  public var form: String {
    switch store {
    case .folder: "folder"
    case .archive: "zip"
    case .database: "lmdb"
    case .samples(let set): set.name
    }
  }

  /// Whether it is a data set that is published in parts.
  public var hasSplits: Bool {
    guard case .samples = store else { return false }
    return true
  }

  /// Endings of the names of pictures, those that can be read and others that Pillow knows.
  private static let extensions: Set<String> = [
    "png", "apng", "jpg", "jpeg", "jpe", "jfif", "webp", "avif", "avifs", "bmp", "dib", "dds",
    "eps", "gif", "icns", "ico", "im", "j2c", "j2k", "jp2", "jpc", "jpf", "jpx", "msp", "pbm",
    "pcd", "pcx", "pfm", "pgm", "pnm", "ppm", "psd", "pxr", "qoi", "ras", "rgb", "rgba", "sgi",
    "tga", "tif", "tiff", "xbm", "xpm",
  ]

  /// Opens a folder, an archive or a published data set, and lists its pictures.
  ///
  /// - Parameters:
  ///   - path: A folder, or a file of such a form whatever its name.
  ///   - order: How pictures are numbered; published data sets have their own order.
  ///   - splits: Of a data set that is published in parts, those that are wanted; nil for `train`, or
  ///     for what there is if that is not.
  ///   - side: Of a database with pictures of several sides, the one that is wanted, or a larger one;
  ///     nil for the largest.
  /// - Throws: `FileError` if it is none of these, or damaged, or unsafe.
  public init(
    path: String, order: Order = .byPath, splits: PictureSplits? = nil, side: Int? = nil
  ) throws(FileError) {
    self.path = path
    if let published = try Self.published(path, splits, side) {
      (store, objections, otherFiles) = (published, [], [])
      switch published {
      case .database(let database): pictures = database.names
      case .samples(let set): pictures = set.pictureNames
      case .folder, .archive: pictures = []
      }
      return
    }
    let names: [String]
    if ListedFile.isFolder(path) {
      let prefix = path.hasSuffix("/") ? path : "\(path)/"
      let files = ListedFile.all(below: path, misfit: .doesNotFit)
      objections = files.compactMap(\.objection)
      names = files.filter { $0.objection == nil }.map { String($0.path.dropFirst(prefix.count)) }
      store = .folder(prefix)
    } else {
      let archive = try ZIPArchive(ByteRegion(mapping: path), limits: .dataset)
      names = archive.entries.map(\.name)
      (store, objections) = (.archive(archive), [])
    }
    let isSortedByParts = order == .byParts && ListedFile.isFolder(path)
    let sorted = names.sorted {
      isSortedByParts ? $0.partsPrecede($1) : $0.utf8.lexicographicallyPrecedes($1.utf8)
    }
    pictures = sorted.filter(Self.isPicture)
    otherFiles = sorted.filter { !Self.isPicture($0) && $0 != LabelFile.name }
  }

  /// The published data set at a place; nil if it is another folder, or a ZIP archive.
  private static func published(
    _ path: String, _ splits: PictureSplits?, _ side: Int?
  ) throws(FileError) -> Store? {
    if ListedFile.isFolder(path) {
      let file =
        path.hasSuffix("/")
        ? path + PictureDatabase.fileName
        : "\(path)/\(PictureDatabase.fileName)"
      guard (try? FilePath(file).stat().type) != .regular else {
        return .database(try PictureDatabase(ByteRegion(mapping: file), side: side))
      }
      return try SampleSet(path: path, splits: splits).map(Store.samples)
    }
    let bytes = try file(path)
    guard !ZIPArchive.recognises(bytes) else { return nil }
    if LMDB.recognises(bytes) { return .database(try PictureDatabase(bytes, side: side)) }
    if SampleSet.mayBe(path, bytes), let set = try SampleSet(path: path, splits: splits) {
      return .samples(set)
    }
    throw bytes.error(
      at: 0,
      expected: "a folder or a zip archive of pictures, an lmdb, or a published CIFAR, STL-10 or "
        + "MNIST",
      found: FileStart(bytes).description)
  }

  /// Opens a single picture, or a folder or an archive of pictures.
  ///
  /// - Parameters:
  ///   - path: A picture, a folder, or a ZIP archive; which of them, the content tells.
  ///   - order: How pictures are numbered.
  /// - Returns: The pictures, or the one.
  /// - Throws: `FileError` if it is none of them, or the archive is damaged or unsafe.
  public static func at(_ path: String, order: Order = .byPath) throws(FileError) -> PictureFiles {
    guard !ListedFile.isFolder(path) else { return try PictureFiles(path: path, order: order) }
    let bytes = try ByteRegion(mapping: path)
    let isOfMany =
      ZIPArchive.recognises(bytes) || LMDB.recognises(bytes) || SampleSet.mayBe(path, bytes)
    guard !isOfMany else { return try PictureFiles(path: path, order: order) }
    _ = try ImageHeader(bytes)
    return PictureFiles(picture: FilePath(path))
  }

  /// A single picture, as though it were alone in its folder.
  private init(picture: FilePath) {
    let folder = picture.removingLastComponent().string
    path = folder.isEmpty ? "." : folder
    pictures = [picture.lastComponent?.string ?? picture.string]
    (otherFiles, objections) = ([], [])
    store = .folder(path.hasSuffix("/") ? path : "\(path)/")
  }

  private static func file(_ path: String) throws(FileError) -> ByteRegion {
    do {
      return try ByteRegion(mapping: path)
    } catch {
      guard error.kind == .missing else { throw error }
      throw FileError(
        .missing, file: path, expected: "a folder or a .zip of pictures", found: error.found)
    }
  }

  private static func isPicture(_ name: String) -> Bool {
    guard !isLeftover(name), let ending = FilePath(name).extension else { return false }
    return extensions.contains(ending.lowercased())
  }

  /// Whether a file is one that macOS puts beside each file that it copies or packs: those of
  /// pictures have the names of pictures, and hold none.
  private static func isLeftover(_ name: String) -> Bool {
    let parts = name.split { $0 == "/" || $0 == "\\" }
    return parts.contains("__MACOSX") || parts.last?.hasPrefix("._") == true
  }

  /// What people call it: its name without the ending.
  public var name: String {
    let place = FilePath(path)
    // The file of a database is called like all others.
    let isFile = place.lastComponent?.string == PictureDatabase.fileName
    return (isFile ? place.removingLastComponent() : place).stem ?? place.stem ?? path
  }

  /// How errors name a file in it.
  public func place(of name: String) -> String {
    path.hasSuffix("/") ? path + name : "\(path)/\(name)"
  }
}

extension PictureFiles {
  /// The error of a folder or archive without pictures.
  public var emptiness: FileError {
    objections.first
      ?? FileError(
        .doesNotFit, file: path, expected: "pictures: files such as *.png, *.jpg or *.webp",
        found: otherFiles.isEmpty
          ? "no files" : "\(otherFiles.count) other file\(otherFiles.count == 1 ? "" : "s")")
  }
}

// MARK: - Reading

extension PictureFiles {
  /// The bytes of a picture's file.
  ///
  /// - Parameter index: The number of the picture.
  /// - Returns: The bytes, checked against the archive's sum.
  /// - Throws: `DatasetError` if they cannot be read.
  public func bytes(at index: Int) throws(DatasetError) -> ByteRegion {
    try naming(index) { (name) throws(FileError) in try contents(of: name, index) }
  }

  /// The size of a picture, without decoding it.
  ///
  /// - Parameter index: The number of the picture.
  /// - Returns: What stands before the pixels.
  /// - Throws: `DatasetError` if it is not the start of a picture.
  public func header(at index: Int) throws(DatasetError) -> ImageHeader {
    if case .samples(let set) = store { return set.header(at: index) }
    return try naming(index) { (name) throws(FileError) in
      try ImageHeader(contents(of: name, index, checksSum: false))
    }
  }

  /// The bytes of a picture's file, expanded; nil if there is no such file any more.
  ///
  /// - Parameter index: The number of the picture.
  /// - Returns: Their number.
  public func byteCount(at index: Int) -> Int? {
    switch store {
    case .folder, .samples: try? bytes(at: index).count
    case .archive(let archive): archive[pictures[index]]?.byteCount
    case .database(let database): database.byteCount(at: index)
    }
  }

  /// Decodes a picture.
  ///
  /// - Parameter index: The number of the picture.
  /// - Returns: The picture, turned as its EXIF record says.
  /// - Throws: `DatasetError` if it is damaged.
  public func image(at index: Int) throws(DatasetError) -> ByteImage {
    try naming(index) { (name) throws(FileError) in
      if case .samples(let set) = store { return try set.image(at: index) }
      return try ByteImage(contents(of: name, index))
    }
  }

  /// The labels.
  ///
  /// - Returns: What `dataset.json` says, or the published data set; nil if there is no such file, or
  ///   it says that there are no labels.
  /// - Throws: `DatasetError` if it is damaged.
  public func labelFile() throws(DatasetError) -> LabelFile? {
    if case .samples(let set) = store { return set.labelFile(pictures) }
    do {
      guard try hasLabelFile() else { return nil }
      return try LabelFile.read(
        contents(of: LabelFile.name, 0, limit: LabelFile.Limits().fileBytes))
    } catch {
      throw DatasetError(error.about(place(of: LabelFile.name)))
    }
  }

  private func hasLabelFile() throws(FileError) -> Bool {
    switch store {
    case .database, .samples: return false
    case .archive(let archive): return archive[LabelFile.name] != nil
    case .folder(let prefix):
      do throws(FileError) {
        _ = try ByteRegion(mapping: prefix + LabelFile.name)
        return true
      } catch {
        guard error.kind == .missing else { throw error }
        return false
      }
    }
  }

  /// The bytes of a file by its name, or of the picture of a number if pictures are no files.
  private func contents(
    of name: String, _ index: Int, checksSum: Bool = true, limit: Int = ImageLimits().fileBytes
  ) throws(FileError) -> ByteRegion {
    switch store {
    case .folder(let prefix): return try ByteRegion(mapping: prefix + name)
    case .database(let database): return try database.bytes(at: index)
    case .samples(let set): return try set.samples(at: index)
    case .archive(let archive):
      guard let entry = archive[name] else {
        throw FileError(.missing, file: name, expected: "an entry of the archive", found: "none")
      }
      // Before it is inflated.
      guard entry.byteCount <= limit else {
        throw FileError(
          .damaged, file: name, expected: "at most \(limit) bytes", found: "\(entry.byteCount)")
      }
      return try archive.contents(of: entry, checksSum: checksSum)
    }
  }

  /// Calls `body` with the name of a picture; errors say which picture it is.
  private func naming<Result>(
    _ index: Int, _ body: (String) throws(FileError) -> Result
  ) throws(DatasetError) -> Result {
    do {
      return try body(pictures[index])
    } catch {
      throw DatasetError(error.about(place(of: pictures[index])), index: index)
    }
  }
}

extension ZIPArchive.Limits {
  /// Four million files, which are expanded one at a time.
  fileprivate static var dataset: ZIPArchive.Limits {
    var limits = ZIPArchive.Limits()
    limits.entries = 1 << 22
    limits.expandedBytes = .max
    return limits
  }
}

extension FileError {
  /// The same error about a file that is a part of the one it names.
  fileprivate func about(_ part: String) -> FileError {
    FileError(kind, file: part, offset: offset, expected: expected, found: found)
  }
}

extension String {
  /// Whether a path comes before another if their parts are compared one by one.
  fileprivate func partsPrecede(_ other: String) -> Bool {
    // Nothing precedes the end of a part, as zero precedes all that a part may hold.
    let slash = UInt8(ascii: "/")
    return utf8.lazy.map { $0 == slash ? 0 : $0 }
      .lexicographicallyPrecedes(other.utf8.lazy.map { $0 == slash ? 0 : $0 })
  }
}

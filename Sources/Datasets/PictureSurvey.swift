// Whether the pictures of a folder or archive make a data set, told by their sizes alone.

public import Formats

/// A picture that does not belong into the data set that the others make.
public struct PictureProblem: Hashable, Sendable {
  /// The number of the picture.
  public let index: Int
  /// The file, what was expected and what was found.
  public let error: FileError
}

/// The sizes of all pictures, and which of them do not fit.
///
/// Published programs train on squares with a power of two as their side, or three times one as
/// Styleformer for STL-10, all of one size, grey, RGB or RGBA. What most pictures are is what all
/// should be.
public struct PictureSurvey: Sendable {
  /// The size of each picture; nil if its file is damaged.
  public let headers: [ImageHeader?]
  /// The size that most pictures have; nil if that is none for a data set.
  public let shape: ImageShape?
  /// The pictures that are damaged, or of another size.
  public let problems: [PictureProblem]
  /// What would make a data set of pictures that do not fit; nil if that would not help.
  public let advice: String?

  /// The first problem, how many more there are, and what would help; nil if there is none.
  public var failure: DatasetError? {
    problems.first.map {
      DatasetError($0.error, index: $0.index, others: problems.count - 1, advice: advice)
    }
  }

  /// Looks at the first pictures of a folder or archive.
  ///
  /// - Parameters:
  ///   - files: The pictures.
  ///   - maxImages: How many to look at; nil for all.
  ///   - size: What becomes of a picture of a size; nil if the picture is left out.
  public init(
    _ files: PictureFiles, maxImages: Int? = nil,
    size: (ImageHeader) -> PictureSize? = PictureSize.init
  ) {
    let count = min(files.pictures.count, maxImages ?? .max)
    var (headers, problems) = ([ImageHeader?](), [PictureProblem]())
    for index in 0..<count {
      do {
        headers.append(try files.header(at: index))
      } catch {
        headers.append(nil)
        problems.append(PictureProblem(index: index, error: error.error))
      }
    }
    // There may be millions of pictures, and few sizes.
    var counts: [PictureSize: (count: Int, first: Int)] = [:]
    for (index, header) in headers.enumerated() {
      guard let size = header.flatMap(size) else { continue }
      counts[size, default: (0, index)].count += 1
    }
    let common = counts.max { ($0.value.count, $1.value.first) < ($1.value.count, $0.value.first) }?
      .key
    shape = common?.shape
    let objections = Dictionary(
      uniqueKeysWithValues: counts.keys.compactMap { size in
        Self.objection(to: size, common: common).map { (size, $0) }
      })
    for (index, header) in headers.enumerated() {
      guard !objections.isEmpty, let size = header.flatMap(size),
        let objection = objections[size]
      else { continue }
      problems.append(
        PictureProblem(
          index: index,
          error: FileError(
            .doesNotFit, file: files.place(of: files.pictures[index]), expected: objection,
            found: "\(size)")))
    }
    advice = Self.advice(Array(counts.keys))
    self.headers = headers
    self.problems = problems.sorted { $0.index < $1.index }
  }

  /// The commands that make all pictures alike: of the smallest side that is a power of two, but no
  /// larger than most people want.
  private static func advice(_ sizes: [PictureSize]) -> String? {
    let channels = Set(sizes.map(\.channels))
    let needsColour = channels.count > 1 || channels.contains(2)
    let isOneSquare =
      Set(sizes.map { [$0.width, $0.height] }).count == 1
      && sizes.first.map { PictureSize(width: $0.width, height: $0.height, channels: 3).shape }
        != nil
    guard needsColour || !isOneSquare else { return nil }
    let side = sizes.map { min($0.width, $0.height) }.min() ?? 1
    let power = min(max(Int.bitWidth - 1 - side.leadingZeroBitCount, 3), 8)
    let size = isOneSquare ? "" : " --transform=center-crop --resolution=\(1 << power)"
    return "stylist dataset create\(size)\(needsColour ? " --to-rgb" : "") makes all alike"
  }

  /// What should have been in place of a size, or nil if it is right.
  private static func objection(to size: PictureSize, common: PictureSize?) -> String? {
    guard size.shape != nil else {
      return "a square whose side is a power of two or three times one, grey, RGB or RGBA"
    }
    guard let common, common.shape != nil, size != common else { return nil }
    return "\(common), as most pictures are"
  }
}

/// The size of any picture.
public struct PictureSize: Hashable, Sendable, CustomStringConvertible {
  /// Columns.
  public let width: Int
  /// Rows.
  public let height: Int
  /// 1 grey, 2 grey and alpha, 3 RGB, 4 RGBA.
  public let channels: Int

  /// A size.
  public init(width: Int, height: Int, channels: Int) {
    (self.width, self.height, self.channels) = (width, height, channels)
  }

  /// The size of a picture in a file.
  public init(_ header: ImageHeader) {
    self.init(width: header.width, height: header.height, channels: header.channels)
  }

  /// The size as that of a data set's pictures, if it can be one.
  public var shape: ImageShape? {
    guard width == height, ImageShape.allows(width), channels != 2 else { return nil }
    return ImageShape(resolution: width, channels: channels)
  }

  /// The size in words, such as `64×64 RGB`.
  public var description: String {
    "\(width)×\(height) \(["grey", "grey with alpha", "RGB", "RGBA"][channels - 1])"
  }
}

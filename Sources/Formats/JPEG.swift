// JPEG: pictures read and written.

import CMedia

/// Reading and writing JPEG.
public enum JPEG {
  /// The largest width and height that libjpeg reads and writes.
  public static let sideLimit = 65500

  /// How many scans a picture may be built up in; encoders make about ten.
  private static let scanLimit: Int32 = 100
  /// From which quality on colours are kept at the full resolution.
  private static let fullColourQuality = 90

  /// Reads the file that fills `bytes`, as grey or RGB, turned as its EXIF record says.
  ///
  /// Baseline and progressive pictures are read: grey, RGB, YCbCr, and the inks of CMYK and YCCK,
  /// which become RGB as if on white paper, without a colour profile. What follows the picture in
  /// the file is ignored, and so are surplus bytes between its parts.
  /// - Parameters:
  ///   - bytes: the file.
  ///   - limits: how large the picture may be.
  /// - Throws: `FileError` of kind `damaged`, also if the picture is cut short.
  /// - Returns: the picture.
  public static func read(
    _ bytes: ByteRegion, limits: ImageLimits = ImageLimits()
  ) throws(FileError) -> ByteImage {
    let orientation = JPEGSegments(bytes).orientation
    return try withReader(of: bytes, limits) { (reader, header) throws(FileError) in
      let (width, height, channels) = (
        Int(header.width), Int(header.height), Int(header.channels)
      )
      let pixels = decoded(count: width * height * channels) { cm_jpeg_reader_pixels(reader, $0) }
      guard let pixels else { throw error(of: reader, bytes) }
      return ByteImage(width: width, height: height, channels: channels, pixels: pixels)
    }.shown(orientation)
  }

  /// What stands before the pixels of the file that fills `bytes`.
  static func header(of bytes: ByteRegion, limits: ImageLimits) throws(FileError) -> ImageHeader {
    let header = try withReader(of: bytes, limits) { (_, header) throws(FileError) in header }
    return ImageHeader(
      .jpeg, width: Int(header.width), height: Int(header.height), channels: Int(header.channels),
      turned: JPEGSegments(bytes).orientation)
  }

  /// Calls `body` with a reader and the header that it read, checked against the limits.
  private static func withReader<Result>(
    of bytes: ByteRegion, _ limits: ImageLimits,
    _ body: (OpaquePointer, cm_jpeg_header) throws(FileError) -> Result
  ) throws(FileError) -> Result {
    try limits.check(file: bytes)
    let segments = JPEGSegments(bytes)
    if let coding = segments.unreadCoding {
      throw bytes.error(
        at: 0, expected: "a baseline or progressive JPEG of 8 bits", found: coding)
    }
    return try bytes.withUnsafeBytes { (all) throws(FileError) in
      let reader = cm_jpeg_reader_new(
        all.baseAddress?.assumingMemoryBound(to: UInt8.self), all.count, limits.memoryBytes,
        scanLimit)
      guard let reader else {
        throw bytes.error(.ioFailed, at: 0, expected: "memory to read a JPEG", found: "none")
      }
      defer { cm_jpeg_reader_release(reader) }
      var header = cm_jpeg_header()
      guard cm_jpeg_reader_header(reader, &header) else { throw error(of: reader, bytes) }
      try limits.check(
        width: Int(header.width), height: Int(header.height), channels: Int(header.channels),
        decoderBytes: header.decoder_bytes, orientation: segments.orientation, file: bytes)
      return try body(reader, header)
    }
  }

  private static func error(of reader: OpaquePointer, _ bytes: ByteRegion) -> FileError {
    bytes.error(
      at: cm_jpeg_reader_offset(reader), expected: "a valid JPEG",
      found: String(cString: cm_jpeg_reader_message(reader)))
  }

  /// Writes a picture of grey or RGB.
  ///
  /// From a quality of 90 on, colours are kept at the full resolution; below, at half of it in each
  /// direction.
  /// - Parameters:
  ///   - image: a picture without alpha.
  ///   - quality: from 1, small, to 100, close.
  ///   - path: the file to create or replace.
  /// - Throws: `FileError` of kind `cannotCreate`, also if the format has no such picture, or
  ///   `ioFailed`.
  public static func write(_ image: ByteImage, quality: Int, to path: String) throws {
    precondition(1...100 ~= quality, "a JPEG quality is 1 to 100, not \(quality)")
    try checkSize(image.width, image.height, atMost: sideLimit, "JPEG", file: path)
    guard !image.hasAlpha else {
      throw FileError(
        .cannotCreate, file: path, expected: "a picture without alpha for JPEG",
        found: "\(image.channels) channels")
    }
    let content = image.withCImage { picture in
      collect { buffer in
        withUnsafePointer(to: picture) {
          cm_jpeg_encode($0, Int32(quality), quality >= fullColourQuality, &buffer)
        }
      }
    }
    guard let content else {
      throw FileError(.ioFailed, file: path, expected: "memory to write it", found: "too little")
    }
    try writeAtomically(to: path) { try $0.write(content) }
  }
}

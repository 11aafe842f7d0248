// One way to open a picture of any format, and one to write it.

extension ByteImage {
  /// Opens a picture; its format is told by the file's first bytes.
  ///
  /// PNG, JPEG and WebP are read, each as 8 bits a sample, turned as the EXIF record says, without
  /// regard to colour profiles. Of an animation it is the first frame.
  /// - Parameters:
  ///   - path: the file, under any name.
  ///   - limits: how large the picture may be.
  /// - Throws: `FileError` if the file cannot be read, is of another format, or is damaged.
  public init(path: String, limits: ImageLimits = ImageLimits()) throws(FileError) {
    try self.init(ByteRegion(mapping: path), limits: limits)
  }

  /// Reads the picture that fills `bytes`, as `init(path:limits:)` does.
  /// - Parameters:
  ///   - bytes: the file.
  ///   - limits: how large the picture may be.
  /// - Throws: `FileError` of kind `damaged`.
  public init(_ bytes: ByteRegion, limits: ImageLimits = ImageLimits()) throws(FileError) {
    switch try ImageFormat(of: bytes) {
    case .png: self = try PNG(bytes, limits: limits).image
    case .jpeg: self = try JPEG.read(bytes, limits: limits)
    case .webP: self = try WebP.read(bytes, limits: limits).first
    }
  }

  /// Writes the picture in the format that the extension of the name asks for; the file appears
  /// under its name only when it is whole.
  ///
  /// PNG keeps every sample; JPEG and WebP come close. JPEG has no alpha.
  /// - Parameters:
  ///   - path: the file to create or replace: `.png`, `.jpg`, `.jpeg` or `.webp`.
  ///   - quality: how close JPEG and WebP are, from 1, small, to 100.
  /// - Throws: `FileError` of kind `cannotCreate`, also if the format has no such picture, or
  ///   `ioFailed`.
  public func write(to path: String, quality: Int = 95) throws {
    precondition(1...100 ~= quality, "a quality is 1 to 100, not \(quality)")
    switch try ImageFormat(extensionOf: path) {
    case .png: try PNG(image: self).write(to: path)
    case .jpeg: try JPEG.write(self, quality: quality, to: path)
    case .webP: try WebP.write(self, quality: .lossy(Float(quality)), to: path)
    }
  }
}

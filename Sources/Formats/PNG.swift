// PNG: pictures with key and value texts, read and written.

import CMedia

/// A PNG file: a picture and the texts beside it.
public struct PNG: Hashable, Sendable {
  /// A text beside the picture, such as the command that made it.
  public struct Text: Hashable, Sendable {
    /// The keyword: 1 to 79 printable characters of Latin-1, and single spaces between them.
    public let key: String
    /// The text.
    public let value: String

    /// A text under a keyword.
    public init(key: String, value: String) {
      self.key = key
      self.value = value
    }
  }

  /// The picture.
  public let image: ByteImage
  /// The texts in the order of the file.
  public let texts: [Text]

  /// A picture and its texts.
  public init(image: ByteImage, texts: [Text] = []) {
    self.image = image
    self.texts = texts
  }
}

// MARK: - Reading

extension PNG {
  /// How many texts are kept, the rest being skipped, and how long one may be when it is inflated.
  private static let textLimit = (count: UInt32(128), bytes: 1 << 20)
  /// The bytes of all texts in a file whose texts are kept.
  private static let textsLimit = 1 << 22

  /// Opens a file.
  /// - Throws: `FileError` if it cannot be read, or is no whole and valid PNG within the limits.
  public init(path: String, limits: ImageLimits = ImageLimits()) throws(FileError) {
    try self.init(ByteRegion(mapping: path), limits: limits)
  }

  /// Reads the file that fills `bytes`, as 8-bit grey, grey-alpha, RGB or RGBA.
  ///
  /// Palettes and fewer bits are expanded, 16 bits are rounded to 8, a transparent colour becomes
  /// an alpha channel, and the picture is turned as its EXIF record says. Colour profiles and gamma
  /// are ignored, and so are the further frames of an animation and what follows the picture in
  /// the file. Of more than 128 texts some are left out, and all if they are very large.
  /// - Throws: `FileError` of kind `damaged`.
  public init(_ bytes: ByteRegion, limits: ImageLimits = ImageLimits()) throws(FileError) {
    try limits.check(file: bytes)
    let chunks = PNGChunks(bytes)
    self = try bytes.withUnsafeBytes { (all) throws(FileError) in
      let reader = cm_png_reader_new(
        all.baseAddress?.assumingMemoryBound(to: UInt8.self), all.count,
        UInt32(clamping: limits.side), PNG.textLimit.bytes,
        chunks.textBytes <= PNG.textsLimit ? PNG.textLimit.count : 0)
      guard let reader else {
        throw bytes.error(.ioFailed, at: 0, expected: "memory to read a PNG", found: "none")
      }
      defer { cm_png_reader_release(reader) }
      return try PNG(reader, of: bytes, chunks.orientation, limits)
    }
  }

  private init(
    _ reader: OpaquePointer, of bytes: ByteRegion, _ orientation: ImageOrientation,
    _ limits: ImageLimits
  ) throws(FileError) {
    var header = cm_png_header()
    guard cm_png_reader_header(reader, &header) else { throw PNG.error(of: reader, bytes) }
    let (width, height, channels) = (
      Int(header.width), Int(header.height), Int(header.channels)
    )
    try limits.check(
      width: width, height: height, channels: channels, orientation: orientation, file: bytes)
    let pixels = decoded(count: width * height * channels) { cm_png_reader_pixels(reader, $0) }
    guard let pixels else { throw PNG.error(of: reader, bytes) }
    image = ByteImage(width: width, height: height, channels: channels, pixels: pixels)
      .shown(orientation)
    texts = (0..<cm_png_reader_text_count(reader)).compactMap {
      Text(cm_png_reader_text(reader, $0))
    }
  }

  private static func error(of reader: OpaquePointer, _ bytes: ByteRegion) -> FileError {
    bytes.error(
      at: cm_png_reader_offset(reader), expected: "a valid PNG",
      found: String(cString: cm_png_reader_message(reader)))
  }
}

extension PNG.Text {
  /// The text as libpng found it, or nil if its keyword is not one.
  fileprivate init?(_ text: cm_png_text) {
    let keyBytes = UnsafeRawBufferPointer(start: text.key, count: length(text.key))
    guard Self.isKeyword([UInt8](keyBytes)) else { return nil }
    let content = UnsafeRawBufferPointer(start: text.text, count: text.length)
    key = latin1(keyBytes)
    value = text.is_latin1 ? latin1(content) : String(decoding: content, as: UTF8.self)
  }

  /// Whether the format allows a keyword: printable, with no space at either end or beside another.
  fileprivate static func isKeyword(_ key: [UInt8]) -> Bool {
    let words = key.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
    return key.count <= 79
      && words.allSatisfy { word in
        !word.isEmpty && word.allSatisfy { 0x21...0x7E ~= $0 || 0xA1...0xFF ~= $0 }
      }
  }
}

private func length(_ text: UnsafePointer<CChar>?) -> Int {
  guard let text else { return 0 }
  var count = 0
  while text[count] != 0 { count += 1 }
  return count
}

// MARK: - Writing

extension PNG {
  /// Writes the file; it appears under its name only when it is whole.
  /// - Parameters:
  ///   - path: the file to create or replace.
  ///   - level: zlib's level, from 0, fast, to 9, small.
  /// - Throws: `FileError` of kind `cannotCreate` or `ioFailed`.
  public func write(to path: String, level: Int = 6) throws {
    let content = try encoded(level: level)
    try writeAtomically(to: path) { try $0.write(content) }
  }

  /// The bytes of the file.
  /// - Throws: `FileError` of kind `ioFailed` if memory runs out.
  public func encoded(level: Int = 6) throws(FileError) -> [UInt8] {
    precondition(0...9 ~= level, "zlib's level is 0 to 9, not \(level)")
    let texts = texts.map(EncodedText.init)
    let content = image.withCImage { picture in
      withCTexts(texts[...]) { entries in
        collect { buffer in
          withUnsafePointer(to: picture) {
            cm_png_encode($0, entries, entries.count, Int32(level), &buffer)
          }
        }
      }
    }
    guard let content else {
      throw FileError(.ioFailed, file: "PNG", expected: "memory to write it", found: "too little")
    }
    return content
  }
}

/// A text in the bytes that the file holds, each with a zero at its end.
private struct EncodedText {
  let key: [CChar]
  let value: [CChar]
  let isLatin1: Bool

  init(_ text: PNG.Text) {
    guard let key = latin1Bytes(text.key), PNG.Text.isKeyword(key) else {
      preconditionFailure("a PNG keyword is 1 to 79 characters of Latin-1, not '\(text.key)'")
    }
    precondition(!text.value.utf8.contains(0), "a PNG text cannot hold a zero byte")
    let latin1 = latin1Bytes(text.value)
    self.key = (key + [0]).map(CChar.init(bitPattern:))
    value = ((latin1 ?? Array(text.value.utf8)) + [0]).map(CChar.init(bitPattern:))
    isLatin1 = latin1 != nil
  }
}

/// Calls `body` with the texts as C sees them, valid during the call only.
private func withCTexts<Result>(
  _ texts: ArraySlice<EncodedText>, _ entries: [cm_png_text] = [],
  _ body: ([cm_png_text]) -> Result
) -> Result {
  guard let text = texts.first else { return body(entries) }
  return text.key.withUnsafeBufferPointer { key in
    text.value.withUnsafeBufferPointer { value in
      let entry = cm_png_text(
        key: key.baseAddress, text: value.baseAddress, length: value.count - 1,
        is_latin1: text.isLatin1)
      return withCTexts(texts.dropFirst(), entries + [entry], body)
    }
  }
}

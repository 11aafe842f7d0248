// The formats of pictures, told by a file's first bytes or by the extension of its name.

import SystemPackage

/// A format of pictures that is read and written.
public enum ImageFormat: String, CaseIterable, Sendable {
  /// Every sample is kept, and texts beside the picture.
  case png = "PNG"
  /// Photographs: samples are approximated, and there is no alpha.
  case jpeg = "JPEG"
  /// Pictures and animations, exact or approximated.
  case webP = "WebP"

  /// The format that a file's first bytes tell, whatever its name says.
  /// - Parameter bytes: the file.
  /// - Throws: `FileError` of kind `damaged` that names what the file is instead.
  public init(of bytes: ByteRegion) throws(FileError) {
    let start = FileStart(bytes)
    guard let format = Self.allCases.first(where: start.isPicture) else {
      throw bytes.error(at: 0, expected: "a PNG, JPEG or WebP picture", found: start.description)
    }
    self = format
  }

  /// The format that the extension of a file's name asks for, in small or capital letters.
  /// - Parameter path: the name, which may be a path.
  /// - Throws: `FileError` of kind `cannotCreate` if there is no such format.
  public init(extensionOf path: String) throws(FileError) {
    let found = FilePath(path).extension?.lowercased()
    guard let format = Self.allCases.first(where: { $0.extensions.contains(found) }) else {
      throw FileError(
        .cannotCreate, file: path,
        expected: "a name that ends in one of .png, .jpg, .jpeg, .webp",
        found: found.map { ".\($0)" } ?? "no extension")
    }
    self = format
  }

  private var extensions: [String?] {
    switch self {
    case .png: ["png"]
    case .jpeg: ["jpg", "jpeg"]
    case .webP: ["webp"]
    }
  }
}

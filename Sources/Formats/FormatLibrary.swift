// The libraries that read and write pictures and archives.

import CMedia

/// A library that reads or writes files.
public struct FormatLibrary: Hashable, Codable, Sendable {
  /// What it is called, such as `libpng`.
  public let name: String
  /// The version that this program was built for; nil if its headers do not tell.
  public let builtFor: String?
  /// The version that is in use; nil if the library does not tell.
  public let loaded: String?

  /// A library of these versions.
  public init(name: String, builtFor: String?, loaded: String?) {
    (self.name, self.builtFor, self.loaded) = (name, builtFor, loaded)
  }

  /// All libraries that Stylist links for files.
  public static var all: [FormatLibrary] {
    var libraries = [cm_library](repeating: cm_library(), count: Int(CM_LIBRARY_COUNT))
    cm_libraries(&libraries)
    return libraries.map { library in
      FormatLibrary(
        name: String(cString: library.name), builtFor: text(library.built_for),
        loaded: text(library.loaded))
    }
  }

  /// The text in an array of characters, or nil for none.
  private static func text(_ characters: some Any) -> String? {
    let text = withUnsafeBytes(of: characters) {
      String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
    }
    return text.isEmpty ? nil : text
  }
}

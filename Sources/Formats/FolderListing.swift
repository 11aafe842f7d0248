// The files in a folder and below it, each where it can be opened, or why it cannot.

import Foundation

/// A file to look at, or why it cannot be.
public struct ListedFile: Hashable, Sendable {
  /// The file, as it is opened.
  public let path: String
  /// Why the file cannot be opened, or the folder not be looked through.
  public let objection: FileError?

  /// A file that nothing is known about.
  public init(_ path: String) { (self.path, objection) = (path, nil) }

  private init(
    _ path: String, _ kind: FileError.Kind = .unreadable, expected: String, found: String
  ) {
    self.path = path
    objection = FileError(kind, file: path, expected: expected, found: found)
  }

  /// All files in a folder and below it, in the order of their names.
  ///
  /// Links to files stand for the files, as they do for whoever opens them. Links to folders are
  /// not followed, or the way might have no end.
  /// - Parameters:
  ///   - folder: the folder.
  ///   - misfit: the kind of error that links to folders and names in other bytes are.
  /// - Returns: the files, whose paths begin with the folder's.
  public static func all(
    below folder: String, misfit: FileError.Kind = .unreadable
  ) -> [ListedFile] {
    guard let names = try? FileManager.default.contentsOfDirectory(atPath: folder) else {
      return [ListedFile(folder, expected: "a folder to look through", found: "one that is closed")]
    }
    return names.sorted().flatMap { name -> [ListedFile] in
      let path = folder.hasSuffix("/") ? folder + name : "\(folder)/\(name)"
      // This is how other bytes are shown; there is no way to the file itself.
      guard !name.unicodeScalars.contains("\u{FFFD}") else {
        return [ListedFile(path, misfit, expected: "a name in UTF-8", found: "other bytes")]
      }
      guard isFolder(path) else { return [ListedFile(path)] }
      guard !isLink(path) else {
        return [
          ListedFile(path, misfit, expected: "a file or folder", found: "a link to a folder")
        ]
      }
      return all(below: path, misfit: misfit)
    }
  }

  /// Whether a path leads to a folder.
  public static func isFolder(_ path: String) -> Bool {
    var isFolder: ObjCBool = false
    return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
      && isFolder.boolValue
  }

  private static func isLink(_ path: String) -> Bool {
    let type = try? FileManager.default.attributesOfItem(atPath: path)[.type]
    return type as? FileAttributeType == .typeSymbolicLink
  }
}

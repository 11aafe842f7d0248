// The folder that a job writes into.

import Datasets
public import Formats
import Foundation
import SystemPackage

/// A folder for a job's files, made if it is not there.
public struct OutputFolder: Sendable {
  /// The folder, as the caller named it.
  public let path: String

  /// Makes the folder, with those above it, unless it is there.
  ///
  /// - Parameter path: The folder.
  /// - Throws: `FileError` of kind `cannotCreate`.
  public init(making path: String) throws(FileError) {
    try Self.check(path)
    self.path = path
    try makeFolders(path)
  }

  /// Makes the folder that a file will stand in, unless it is there.
  ///
  /// - Parameter file: The file.
  /// - Throws: `FileError` of kind `cannotCreate`.
  public init(of file: String) throws(FileError) {
    try self.init(making: Self.folder(of: file))
  }

  /// Checks that the folder is there or could be made, and that files could be written to it,
  /// without making anything.
  ///
  /// - Parameter path: The folder.
  /// - Throws: `FileError` of kind `cannotCreate`.
  public static func check(_ path: String) throws(FileError) {
    guard !path.isEmpty else { throw cannotMake(path, "no name") }
    var place = path
    var isFolder: ObjCBool = false
    while !FileManager.default.fileExists(atPath: place, isDirectory: &isFolder) {
      place = folder(of: place)
    }
    guard isFolder.boolValue else { throw cannotMake(path, "a file called \(place)") }
    guard FileManager.default.isWritableFile(atPath: place) else {
      throw cannotMake(path, "no permission to write to \(place)")
    }
    // Permissions say that folders can be made there, and none can.
    guard !isSystemFolder(place) else { throw cannotMake(path, "a folder of the system, \(place)") }
  }

  /// Whether a folder shows what the system does, and holds nothing.
  private static func isSystemFolder(_ path: String) -> Bool {
    #if os(Linux)
      return ["proc", "sys"].contains(wholePath(path).dropFirst().first)
    #else
      return false
    #endif
  }

  /// The folder that would be made for a file, the innermost of them.
  ///
  /// - Parameter file: The file.
  /// - Returns: The folder; nil if it is there.
  static func missing(for file: String) -> String? {
    let folder = folder(of: file)
    return ListedFile.isFolder(folder) ? nil : folder
  }

  /// Checks that a file could be written, without making anything.
  ///
  /// - Parameters:
  ///   - file: The file.
  ///   - mayReplace: Whether a file that has the name may be replaced.
  /// - Throws: `FileError` of kind `cannotCreate`; something that is no regular file is never
  ///   replaced.
  public static func check(file: String, mayReplace: Bool = true) throws(FileError) {
    try FileReplacement.check(file, mayReplace: mayReplace)
    try check(folder(of: file))
  }

  /// Checks that a file to be written is none of those that are read.
  ///
  /// - Parameters:
  ///   - option: The option that names it.
  ///   - file: The file to be written.
  ///   - inputs: Those that are read.
  /// - Throws: `RequestError` if it is one of them, by whatever path.
  public static func check(
    _ option: String, _ file: String, isNoneOf inputs: [String]
  ) throws(RequestError) {
    let output = wholePath(file)
    guard let input = inputs.first(where: { wholePath($0) == output }) else { return }
    throw RequestError(
      option, expected: "no file that is read, which would be replaced", found: input)
  }

  /// Checks that none of the files to be written to a folder is one that is read.
  ///
  /// - Parameters:
  ///   - folder: The folder of `--outdir`.
  ///   - written: The names of the files.
  ///   - inputs: Those that are read.
  /// - Throws: `RequestError` if one is, by whatever path.
  public static func check(
    _ folder: String, writing written: [String], over inputs: [String]
  ) throws(RequestError) {
    for name in written { try check("--outdir", file(name, in: folder), isNoneOf: inputs) }
  }

  /// Checks that files to be written replace none of the photographs that are read.
  ///
  /// - Parameters:
  ///   - option: The option that names the folder.
  ///   - folder: The folder to write to.
  ///   - photographs: Those that are read.
  ///   - written: The names of the files.
  /// - Throws: `RequestError` if one has the place of a photograph.
  static func check(
    _ option: String, _ folder: String, keeps photographs: PictureFiles, from written: Set<String>
  ) throws(RequestError) {
    guard !photographs.isArchive else { return }
    let replaced = photographs.pictures.first { picture in
      guard let name = FilePath(picture).lastComponent?.string, written.contains(name) else {
        return false
      }
      return wholePath(photographs.place(of: picture)) == wholePath(file(name, in: folder))
    }
    guard let replaced else { return }
    throw RequestError(
      option, expected: "another folder than that of the photographs", found: replaced)
  }

  /// Whether a path is another one or lies below it, whatever links and dots lead there; nothing
  /// need be there yet.
  static func isSame(_ path: String, orInside other: String) -> Bool {
    let (path, other) = (wholePath(path), wholePath(other))
    return path.starts(with: other)
  }

  /// The parts of the path that the system uses, without links, as far as there is anything.
  private static func wholePath(_ path: String) -> [String] {
    var (place, missing) = (FilePath(path), [String]())
    while true {
      let found = place.isEmpty ? "." : place.string
      if let real = realpath(found, nil) {
        defer { free(real) }
        let start = ["/"] + FilePath(String(cString: real)).components.map(\.string)
        return missing.reversed().reduce(into: start) { parts, part in
          if part == ".." { _ = parts.popLast() } else if part != "." { parts.append(part) }
        }
      }
      guard let last = place.lastComponent else { return missing.reversed() }
      missing.append(last.string)
      place.removeLastComponent()
    }
  }

  /// The path of a file in the folder.
  ///
  /// - Parameter name: The file's name.
  /// - Returns: The folder's path and the name.
  public func file(_ name: String) -> String { Self.file(name, in: path) }

  /// The path of a file in a folder that may not be there yet.
  static func file(_ name: String, in folder: String) -> String {
    folder.hasSuffix("/") ? folder + name : "\(folder)/\(name)"
  }

  private static func folder(of path: String) -> String {
    let folder = FilePath(path).removingLastComponent()
    return folder.isEmpty ? "." : folder.string
  }

  private static func cannotMake(_ path: String, _ found: String) -> FileError {
    FileError(.cannotCreate, file: path, expected: "a folder to write to", found: found)
  }
}

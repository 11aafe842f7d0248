// Where a data set is written: a ZIP archive or a folder that appears when it is whole.

import Formats

/// The file or folder that a data set will be.
struct DatasetDestination: Sendable {
  let path: String

  /// Whether it is a ZIP archive: its name says so.
  private var isArchive: Bool { path.lowercased().hasSuffix(".zip") }

  /// Checks that it could be written, without making anything.
  static func check(_ path: String) throws(FileError) {
    try NewFolder.check(path)
    try OutputFolder.check(file: path)
  }

  /// Checks that a data set and the sheet of it could be written, without making anything.
  ///
  /// - Parameters:
  ///   - path: The data set.
  ///   - sheet: The sheet; nil for none.
  ///   - source: Where the pictures are from; nil if they are drawn.
  /// - Throws: `RequestError` for names that cannot be meant; `FileError` of kind `cannotCreate`.
  static func check(_ path: String, sheet: String?, source: String? = nil) throws {
    let pictures = [".png", ".jpg", ".jpeg", ".webp"]
    guard !pictures.contains(where: path.lowercased().hasSuffix) else {
      throw RequestError(
        "--dest", expected: "a .zip archive or a folder, not the name of a picture", found: path)
    }
    try check(path)
    guard let sheet else { return }
    try check(sheet: sheet)
    for (option, place) in [("--source", source), ("--dest", path)] {
      guard let place, OutputFolder.isSame(sheet, orInside: place) else { continue }
      throw RequestError("--sheet", expected: "a name outside \(option)", found: sheet)
    }
    try NewFolder.check(sheet)
    try OutputFolder.check(file: sheet)
  }

  /// Checks that a sheet has the name of what it is, a PNG.
  ///
  /// - Parameter sheet: The sheet.
  /// - Throws: `RequestError` for other names.
  static func check(sheet: String) throws(RequestError) {
    guard sheet.lowercased().hasSuffix(".png") else {
      throw RequestError("--sheet", expected: "a name that ends in .png", found: sheet)
    }
  }

  /// The name of a picture, as the published tool gives it: a thousand in a folder.
  static func name(ofPicture index: Int) -> String {
    let number = padded(index, to: 8)
    return "\(number.dropLast(3))/img\(number).png"
  }

  /// Writes all files, or none.
  ///
  /// - Parameters:
  ///   - pictures: The pictures in the order of their names; each is asked for when its turn comes.
  ///   - texts: The files beside them.
  /// - Throws: `FileError`, or what a content throws.
  func write(
    _ pictures: some Sequence<ZIPArchive.NewEntry>, and texts: [ZIPArchive.NewEntry]
  ) throws {
    try Self.check(path)
    _ = try OutputFolder(of: path)
    guard isArchive else {
      let folder = try NewFolder(at: path)
      defer { folder.discard() }
      try folder.write(pictures)
      try folder.write(texts)
      return try folder.finish()
    }
    let archive = try FileReplacement(of: path, mayReplace: false)
    defer { archive.discard() }
    do {
      try archive.write { try ZIPArchive.write(ascending: pictures, then: texts, to: $0) }
    } catch {
      // What is interrupted inside a file says so in words of its own.
      try Task.checkCancellation()
      throw error
    }
    try NewFolder.check(path)
    try archive.finish()
  }
}

/// The files of text beside the pictures of a data set.
func textEntry(_ name: String, _ text: @escaping () throws -> [UInt8]) -> ZIPArchive.NewEntry {
  ZIPArchive.NewEntry(name: name) { ByteRegion(try text(), name: name) }
}

// Making folders, with the operating system's own words where that fails.

package import SystemPackage

#if canImport(Darwin)
  import Darwin
#else
  import Glibc
#endif

/// Makes a folder, with those above it, unless it is there.
///
/// - Parameters:
///   - path: The folder.
///   - expected: What an error says was wanted.
/// - Throws: `FileError` of kind `cannotCreate` that names `path`.
package func makeFolders(
  _ path: String, expected: String = "a folder to write to"
) throws(FileError) {
  let whole = try filePath(path, .cannotCreate)
  var place = FilePath(root: whole.root, [])
  for component in whole.components {
    place.append(component)
    guard !ListedFile.isFolder(place.string) else { continue }
    do throws(Errno) {
      try makeFolder(place)
    } catch {
      // Somebody else may have made it meanwhile.
      guard !ListedFile.isFolder(place.string) else { continue }
      throw FileError(.cannotCreate, file: path, expected: expected, found: reason(error))
    }
  }
}

/// Makes one folder, in a folder that is there.
///
/// - Parameter path: The folder.
/// - Throws: The operating system's reason, `.fileExists` if anything has the name.
package func makeFolder(_ path: FilePath) throws(Errno) {
  guard path.withPlatformString({ mkdir($0, 0o777) }) == 0 else { throw Errno(rawValue: errno) }
}

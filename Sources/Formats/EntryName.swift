// Names of entries in archives: only paths that stay below the folder they belong to.

/// What is wrong with the name of a file in an archive, or nil if it is a plain relative path.
///
/// Nothing is unpacked here, but other programs do unpack, and a name that reads as one file there
/// and as another here is a trap.
func objection(toEntryName name: String) -> String? {
  let bytes = name.utf8
  if bytes.contains(0) { return "a zero byte" }
  if bytes.contains(UInt8(ascii: "\\")) { return "a backslash" }
  if bytes.first == UInt8(ascii: "/") { return "an absolute path" }
  if bytes.dropFirst().first == UInt8(ascii: ":") { return "a drive letter" }
  for part in bytes.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false) {
    if part.isEmpty { return "an empty part" }
    if part.count <= 2, part.allSatisfy({ $0 == UInt8(ascii: ".") }) {
      return "a part that is only dots"
    }
  }
  return nil
}

// Names of entries in archives: only paths that stay below the folder they belong to.

/// What is wrong with the name of a file in an archive, or nil if it is a plain relative path.
///
/// Nothing is unpacked here, but other programs do unpack, and a name that reads as one file there
/// and as another here is a trap.
func objection(toEntryName name: String) -> String? {
  if name.utf8.contains(0) { return "a zero byte" }
  if name.utf8.contains(UInt8(ascii: "\\")) { return "a backslash" }
  if name.utf8.first == UInt8(ascii: "/") { return "an absolute path" }
  if name.contains(/^[A-Za-z]:/) { return "a drive letter" }
  let parts = name.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
  for part in parts {
    switch String(part) {
    case "": return "an empty part"
    case ".", "..": return "a part that is only dots"
    default: continue
    }
  }
  return nil
}

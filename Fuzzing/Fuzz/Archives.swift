// Fuzzing archives of files: every entry's content is read.

import Formats

/// Reads a ZIP archive and the contents of all its entries.
func readZIP(_ input: ByteRegion) throws(FileError) {
  let isRecognised = ZIPArchive.recognises(input)
  let archive = try ZIPArchive(input)
  require(isRecognised, "an archive that was read is not recognised")
  var bytesLeft = layoutLimit
  for entry in archive.entries where entry.byteCount <= bytesLeft {
    bytesLeft -= entry.byteCount
    require(archive[entry.name]?.byteCount == entry.byteCount, "an entry that is not found")
    do throws(FileError) {
      let content = try archive.contents(of: entry)
      require(content.count == entry.byteCount, "\(entry.name) has \(content.count) bytes")
      touch(content)
    } catch {
      check(error, inputBytes: input.count)
    }
  }
}

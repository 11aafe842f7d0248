// Fuzzing archives of files: every entry's content is read; what is written of it reads the same.

import Formats

/// Reads a ZIP archive and the contents of its entries, and reads again what is written of them.
func readZIP(_ input: ByteRegion) throws(FileError) {
  let isRecognised = ZIPArchive.recognises(input)
  let archive = try ZIPArchive(input)
  require(isRecognised, "an archive that was read is not recognised")
  var bytesLeft = layoutLimit
  var contents: [(name: String, content: ByteRegion)] = []
  for entry in archive.entries where entry.byteCount <= bytesLeft {
    bytesLeft -= entry.byteCount
    require(archive[entry.name]?.byteCount == entry.byteCount, "an entry that is not found")
    do throws(FileError) {
      let content = try archive.contents(of: entry)
      require(content.count == entry.byteCount, "\(entry.name) has \(content.count) bytes")
      touch(content)
      contents.append((entry.name, content))
    } catch {
      check(error, inputBytes: input.count)
    }
  }
  checkWriting(contents)
}

/// Writes an archive of files, and reads it.
private func checkWriting(_ contents: [(name: String, content: ByteRegion)]) {
  let entries = contents.map { name, content in
    ZIPArchive.NewEntry(name: name) { content }
  }
  let again = rewritten(
    { try ZIPArchive.write(entries, to: $0) },
    { path in
      let archive = try ZIPArchive(ByteRegion(mapping: path))
      return try archive.entries.map { try ($0.name, archive.contents(of: $0).copy()) }
    })
  require(
    again.elementsEqual(contents) { $0.0 == $1.name && $0.1 == $1.content.copy() },
    "other files when read again")
}

/// Reads a tar archive and the contents of its files.
func readTar(_ input: ByteRegion) throws(FileError) {
  var limits = TarArchive.Limits()
  limits.entryBytes = layoutLimit
  limits.expandedBytes = layoutLimit
  var names: Set<String> = []
  do {
    try TarArchive.forEachEntry(in: input, limits: limits) { name, content in
      require(names.insert(name).inserted, "\(name) twice")
      touch(content)
    }
  } catch let error as FileError {
    throw error
  } catch {
    fatalError("an error of another type: \(error)")
  }
}

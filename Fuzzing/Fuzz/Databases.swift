// Fuzzing databases of pictures and arrays of bytes: every value that is told of is read.

import Formats

/// Reads an LMDB database, and the values that lie in it.
func readLMDB(_ input: ByteRegion) throws(FileError) {
  let isRecognised = LMDB.recognises(input)
  let database = try LMDB(input)
  require(isRecognised, "a database that was read is not recognised")
  var values: [LMDB.Value] = []
  try database.forEachEntry { (key, value) throws(FileError) in
    touch(key)
    values.append(value)
  }
  require(values.count == database.count, "\(values.count) pairs, not \(database.count)")
  var bytesLeft = layoutLimit
  for value in values where value.count <= bytesLeft {
    bytesLeft -= value.count
    do throws(FileError) {
      let content = try database.contents(of: value)
      require(content.count == value.count, "\(content.count) bytes, not \(value.count)")
      touch(content)
    } catch {
      check(error, inputBytes: input.count)
    }
  }
}

/// Reads an array of bytes, in a gzip stream or not.
func readIDX(_ input: ByteRegion) throws(FileError) {
  guard !GzipFile.recognises(input) else {
    touch(try GzipFile.contents(of: input, limit: layoutLimit))
    return
  }
  let array = try IDX(input)
  require(array.shape.reduce(1, *) == array.elements.count, "elements without a place")
  touch(array.elements)
}

// Fuzzing labels of pictures: what is read, written and read again must be the same.

import Formats

/// Reads a `dataset.json`, and reads again what is written of it.
func readLabels(_ input: ByteRegion) throws(FileError) {
  guard let file = try LabelFile.read(input) else { return }
  require(Set(file.paths).count == file.paths.count, "a path twice")
  do throws(FileError) {
    let again = try LabelFile.read(ByteRegion(file.encoded, name: "again"))
    require(again == file, "other labels when read again")
  } catch {
    fatalError("labels that were read cannot be written and read again: \(error)")
  }
}

/// Reads CelebA's list of attributes.
func readAttributes(_ input: ByteRegion) throws(FileError) {
  let list: AttributeListFile
  do {
    list = try AttributeListFile(input)
  } catch {
    // What is no list at all says nothing else about the content.
    if error.kind == .notRecognised { return }
    throw error
  }
  require(Set(list.pictures).count == list.pictures.count, "a picture twice")
  require(Set(list.attributes).count == list.attributes.count, "an attribute twice")
  for index in list.pictures.indices {
    require(list.values(at: index).count == list.attributes.count, "values without attributes")
  }
}

/// Reads a table of labels, and reads again what is written of it as `dataset.json`.
func readTable(_ input: ByteRegion) throws(FileError) {
  let file: LabelFile
  do {
    file = try LabelFile.readTable(input)
  } catch {
    // What is no table at all says nothing else about the content.
    if error.kind == .notRecognised { return }
    throw error
  }
  require(Set(file.paths).count == file.paths.count, "a path twice")
  do throws(FileError) {
    let again = try LabelFile.read(ByteRegion(file.encoded, name: "again"))
    require(again == file, "other labels when read again")
  } catch {
    fatalError("a table that was read cannot be written and read again: \(error)")
  }
}

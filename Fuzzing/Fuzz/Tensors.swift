// Fuzzing files of tensors: what is read, written and read again must be the same.

import Formats

/// Reads a safetensors file, and reads again what is written of it.
func readSafetensors(_ input: ByteRegion) throws(FileError) {
  let file = try Safetensors(input)
  require(Set(file.names) == Set(file.tensors.keys), "names without tensors, or the reverse")
  for tensor in file.tensors.values { layOut(tensor) }
  let again = rewritten(
    { path in
      let entries = file.names.compactMap { name in
        file.tensors[name].map { Safetensors.Entry(name: name, TensorToWrite($0)) }
      }
      try Safetensors.write(entries, metadata: file.metadata, to: path)
    },
    { try Safetensors(path: $0) })
  require(again.metadata == file.metadata, "other metadata when read again")
  require(
    again.tensors.mapValues(Content.init) == file.tensors.mapValues(Content.init),
    "other tensors when read again")
}

/// Reads a .npy file, and reads again what is written of it.
func readNPY(_ input: ByteRegion) throws(FileError) {
  let isRecognised = NPY.recognises(input)
  let tensor = try NPY(input).tensor
  require(isRecognised, "a file that was read is not recognised")
  checkWriting(["array": tensor])
}

/// Reads a .npz file, and reads again what is written of it.
func readNPZ(_ input: ByteRegion) throws(FileError) {
  var limits = ZIPArchive.Limits()
  limits.freeBytes = layoutLimit
  limits.expandedBytes = layoutLimit
  let file = try NPZ(input, limits: limits)
  require(Set(file.names) == Set(file.tensors.keys), "names without arrays, or the reverse")
  checkWriting(file.tensors)
}

/// Writes arrays as .npz, and reads them.
private func checkWriting(_ tensors: [String: StoredTensor]) {
  for tensor in tensors.values { layOut(tensor) }
  let again = rewritten(
    { try NPZ.write(tensors.map { ($0, $1) }, to: $0) }, { try NPZ(path: $0) })
  require(
    again.tensors.mapValues(Content.init) == tensors.mapValues(Content.init),
    "other arrays when read again")
}

/// What makes two stored tensors the same.
struct Content: Equatable {
  let elementType: ElementType
  let shape: [Int]
  let bytes: [UInt8]

  init(_ tensor: StoredTensor) {
    elementType = tensor.elementType
    shape = tensor.shape
    bytes = tensor.contiguousBytes().copy()
  }
}

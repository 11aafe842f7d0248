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

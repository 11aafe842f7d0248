// The functions that libFuzzer calls.

import CFuzzer
import Formats

/// Reads one input with the reader that the environment names.
/// - Returns: 0, as libFuzzer demands; findings are traps.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let input = [UInt8](UnsafeBufferPointer(start: bytes, count: count))
  do throws(FileError) {
    try Reader.chosen.read(ByteRegion(input, name: "fuzz"))
  } catch {
    check(error, inputBytes: count)
  }
  return 0
}

/// Changes an input as libFuzzer does, then repairs the check sums that would hide the change.
/// - Returns: the number of bytes after the change.
@_cdecl("LLVMFuzzerCustomMutator")
public func mutate(
  _ bytes: UnsafeMutablePointer<UInt8>, _ count: Int, _ capacity: Int, _ seed: CUnsignedInt
) -> Int {
  let newCount = LLVMFuzzerMutate(bytes, count, capacity)
  // One input in eight keeps what libFuzzer made of it.
  guard !seed.isMultiple(of: 8) else { return newCount }
  let file = UnsafeMutableBufferPointer(start: bytes, count: newCount)
  switch Reader.chosen {
  case .png: repairPNG(file)
  case .zip, .npz, .torch, .torchScript, .scan: repairZIP(file)
  case .pickle, .tar, .safetensors, .npy, .jpeg, .webp, .labels, .attributes, .table,
    .lmdb, .idx:
    break
  }
  return newCount
}

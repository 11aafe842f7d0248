// What tests share: scratch folders, case files, numbers as bytes, and checks of errors.

package import Formats
import Foundation
package import Testing

#if canImport(Darwin)
  import Darwin
#else
  import Glibc
#endif

/// Runs `body` with a new folder that is removed afterwards.
package func withScratchFolder<Result>(_ body: (String) throws -> Result) throws -> Result {
  let folder = try ScratchFolder()
  defer { folder.remove() }
  return try body(folder.path)
}

/// Runs `body` with a new folder that is removed afterwards.
package func withScratchFolder<Result>(
  _ body: (String) async throws -> Result
) async throws -> Result {
  let folder = try ScratchFolder()
  defer { folder.remove() }
  return try await body(folder.path)
}

private struct ScratchFolder {
  let path: String

  init() throws {
    let tag = String(UInt64.random(in: .min ... .max), radix: 36)
    path = FileManager.default.temporaryDirectory.path + "/stylist-tests-\(tag)"
    try FileManager.default.createDirectory(
      atPath: path, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
  }

  func remove() { try? FileManager.default.removeItem(atPath: path) }
}

/// The names in a folder, sorted.
package func names(in folder: String) -> [String] {
  guard let stream = opendir(folder) else { return [] }
  defer { closedir(stream) }
  var names: [String] = []
  while let entry = readdir(stream) {
    let name = withUnsafeBytes(of: entry.pointee.d_name) {
      String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
    }
    if name != ".", name != ".." { names.append(name) }
  }
  return names.sorted()
}

/// Writes bytes to a file.
package func put(_ bytes: [UInt8], at path: String) throws {
  let file = try #require(fopen(path, "wb"))
  defer { fclose(file) }
  try #require(fwrite(bytes, 1, bytes.count, file) == bytes.count)
}

/// A file of a parity case.
package func caseFile(_ name: String) -> String {
  let tests = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(2)
  return tests.joined(separator: "/") + "/ParityTests/Cases/" + name
}

/// Expects `body` to fail with a `FileError` of this kind that fits on one line.
@discardableResult
package func expect(
  _ kind: FileError.Kind, at offset: Int? = nil, says words: String? = nil,
  sourceLocation: SourceLocation = #_sourceLocation, from body: () throws -> Void
) -> FileError? {
  let error = #expect(throws: FileError.self, sourceLocation: sourceLocation) { try body() }
  guard let error else { return nil }
  let line = error.description
  #expect(error.kind == kind, "\(line)", sourceLocation: sourceLocation)
  #expect(!line.contains { $0.isNewline }, sourceLocation: sourceLocation)
  if let offset {
    #expect(error.offset == offset, "\(line)", sourceLocation: sourceLocation)
  }
  if let words {
    #expect(line.contains(words), sourceLocation: sourceLocation)
  }
  return error
}

/// Little-endian bytes of a number.
package func littleEndian<Value: FixedWidthInteger>(_ value: Value) -> [UInt8] {
  withUnsafeBytes(of: value.littleEndian) { Array($0) }
}

/// Little-endian bytes of numbers.
package func floatBytes(_ values: [Float]) -> [UInt8] {
  values.flatMap { littleEndian($0.bitPattern) }
}

/// The numbers of a float32 tensor in row-major order.
package func floats(_ tensor: StoredTensor) -> [Float] {
  precondition(tensor.elementType == .float32, "float32 wanted, \(tensor.elementType) found")
  return tensor.contiguousBytes().withUnsafeBytes { all in
    stride(from: 0, to: all.count, by: 4).map {
      Float(
        bitPattern: UInt32(littleEndian: all.loadUnaligned(fromByteOffset: $0, as: UInt32.self)))
    }
  }
}

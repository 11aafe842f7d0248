// Jobs that look into files: one that is cancelled says nothing of a file that it has not read.

import Formats
import TestSupport
import Testing
import Workbench

@Suite("Cancelled looks into files")
struct CancelledFilesTests {
  @Test("a cancelled scan of one file has no findings")
  func scan() async throws {
    try await withArchive { path in try ScanJob([path]).run { _ in } }
  }

  @Test("a cancelled inspection of one file has no findings")
  func inspect() async throws {
    try await withArchive { path in try InspectJob([path]).run { _ in } }
  }

  /// Calls `body` in a cancelled task with the path of a torch file, which it must not find damaged.
  private func withArchive(
    _ body: @escaping @Sendable (String) throws -> some Sendable
  ) async throws {
    try await withScratchFolder { folder in
      let path = "\(folder)/a.pt"
      try put(TorchFileAssembler([1]).zip().copy(), at: path)
      let task = Task {
        withUnsafeCurrentTask { $0?.cancel() }
        return try body(path)
      }
      await #expect(throws: CancellationError.self) { try await task.value }
    }
  }
}

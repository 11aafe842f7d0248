// What the machine is, and threads.

import Foundation
import Synchronization
import Tensors
import Testing

@Suite("Machine") struct MachineTests {
  @Test("says which libtorch and which processor features it runs on")
  func versions() {
    #expect(Machine.torchVersion == "2.13.0")
    #expect(!Machine.featureLevel.isEmpty)
    #expect(Machine.threadCount >= 1)
  }

  @Test("says how the loaded libtorch was built, and where it lies")
  func build() throws {
    #expect(Machine.torchBuild.contains("TORCH_VERSION=\(Machine.torchVersion)"))
    let library = try #require(Machine.torchLibrary)
    #expect(library.contains("libtorch"))
    #expect(FileManager.default.fileExists(atPath: library))
  }

  // In a process of its own, since the count belongs to the whole process.
  @Test("sets the thread count of threads that have computed before")
  func threadCountIsShared() async {
    await #expect(processExitsWith: .success) {
      let (isReady, mayAsk, hasAsked) = (
        DispatchSemaphore(value: 0), DispatchSemaphore(value: 0), DispatchSemaphore(value: 0)
      )
      let counts = Mutex<[Int]>([])
      let other = Thread {
        _ = Machine.threadCount
        isReady.signal()
        mayAsk.wait()
        _ = Tensor.ones([4]).sum().item()
        counts.withLock { $0 = [Machine.threadCount] }
        hasAsked.signal()
      }
      other.start()
      isReady.wait()
      Machine.setThreadCount(3)
      mayAsk.signal()
      hasAsked.wait()
      #expect(counts.withLock(\.self) == [3])
      #expect(Machine.threadCount == 3)
    }
  }

  @Test("traps on a thread count below 1")
  func zeroThreads() async {
    await #expect(processExitsWith: .failure) { Machine.setThreadCount(0) }
  }
}

// Memory that tensors use again: what is freed is taken again, and tensors never overlap.

import Foundation
import Tensors
import Testing

/// The memory of the process in MiB by the name that the system gives it, such as `VmRSS`.
private func status(_ name: String) -> Double {
  let text = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
  let line = text.split(separator: "\n").first { $0.hasPrefix("\(name):") }
  return (line?.split(separator: " ").dropFirst().first.flatMap { Double($0) } ?? 0) / 1024
}

/// A tensor of so many MiB with the same number everywhere.
private func filled(_ mib: Int, _ number: Double) -> Tensor {
  .full(number, [mib << 18])
}

/// Ends the test's process with a text if something is not as it should be.
private func require(_ holds: Bool, _ words: @autoclosure () -> String) {
  guard !holds else { return }
  FileHandle.standardError.write(Data("\(words())\n".utf8))
  exit(2)
}

// Each test has a process of its own, since memory is shared by all that runs in one.
#if os(Linux)
  @Suite("Memory that is used again") struct ReusedMemoryTests {
    @Test("what was freed is still held, and the next tensors take it")
    func reuse() async {
      await #expect(processExitsWith: .success) {
        Machine.reuseMemory()
        _ = filled(1, 1)
        let before = status("VmRSS")
        do { _ = filled(256, 1) }
        let held = status("VmRSS") - before
        require(held > 250, "holds \(held) MiB of 256")
        for _ in 0..<5 {
          let parts = [filled(100, 1), filled(56, 2), filled(100, 3)]
          require(parts.map { $0.mean().item() } == [1, 2, 3], "parts overlap")
        }
        // The parts are one piece again, however they were freed.
        let whole = filled(256, 4)
        require(whole.mean().item() == 4, "the whole has other numbers")
        let grown = status("VmHWM") - before
        require(grown < 256 + 24, "took \(grown) MiB for 256")
      }
    }

    @Test("without it the memory goes back to the system")
    func control() async {
      await #expect(processExitsWith: .success) {
        _ = filled(1, 1)
        let before = status("VmRSS")
        do { _ = filled(256, 1) }
        let held = status("VmRSS") - before
        require(held < 50, "holds \(held) MiB of 256")
      }
    }

    @Test("tensors that are freed in any order, also on other threads, keep their numbers")
    func order() async {
      await #expect(processExitsWith: .success) {
        Machine.reuseMemory()
        await withTaskGroup(of: Void.self) { group in
          for task in 0..<4 {
            group.addTask {
              let random = TorchGenerator(seed: UInt64(task))
              var held: [(tensor: Tensor, number: Double)] = []
              for step in 0..<400 {
                let picks = Tensor.rand([2], generator: random).values(as: Float.self)
                if held.count > 12 {
                  let (tensor, number) = held.remove(at: Int(picks[0] * Float(held.count)))
                  let (low, high) = (tensor.min().item(), tensor.max().item())
                  require(low == number && high == number, "\(low) to \(high), not \(number)")
                }
                let number = Double(1000 * task + step)
                held.append((.full(number, [1000 + Int(picks[1] * 300_000)]), number))
              }
            }
          }
        }
      }
    }

    @Test("tensors that would hold more than the machine has are out of memory, and no others")
    func limit() async throws {
      let result = await #expect(
        processExitsWith: .exitCode(1), observing: [\.standardErrorContent]
      ) {
        Machine.reuseMemory()
        let total = Int(ProcessInfo.processInfo.physicalMemory)
        // What is given back does not count; nobody writes to it, so that it takes no memory.
        for _ in 0..<20 { _ = Tensor.empty([total / 8]) }
        var held: [Tensor] = []
        for count in 0..<1000 {
          if count == 7 { FileHandle.standardError.write(Data("seven eighths\n".utf8)) }
          held.append(.empty([total / 32]))
        }
        require(false, "\(held.count) eighths of the memory")
      }
      let words = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
      #expect(words.contains("seven eighths") && words.contains("out of memory: a tensor of"))
      #expect(words.contains("does not fit beside"), "\(words)")
    }

    @Test("where addresses are limited, tensors come from the system")
    func limitedAddresses() async {
      await #expect(processExitsWith: .success) {
        _ = filled(1, 1)
        var limit = rlimit()
        // As much as there is now and 2 GiB more, which is less than the range would take.
        limit.rlim_cur = rlim_t((status("VmSize") + 2048) * 1_048_576)
        limit.rlim_max = limit.rlim_cur
        require(setrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit) == 0, "no limit")
        Machine.reuseMemory()
        let before = status("VmRSS")
        do { require(filled(256, 5).mean().item() == 5, "other numbers") }
        let held = status("VmRSS") - before
        require(held < 50, "holds \(held) MiB of 256")
      }
    }
  }
#endif

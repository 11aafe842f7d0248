// How the program ends on a programmer's error and when memory runs out.

import Foundation
import TestSupport
import Tensors
import Testing
import ThrowingOperators

@Suite("Ends of the program") struct DoorExitTests {
  private func standardError(_ result: ExitTest.Result?) -> String {
    String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
  }

  @Test("a call that cannot be made traps with the operator and the shapes")
  func failedCall() async {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      _ = Tensor.ones([2, 3]) + Tensor.ones([4])
    }
    #expect(standardError(result).contains("(aten::add.Tensor: Float[2, 3], Float[4])"))
  }

  @Test("our own operators' checks trap with the operator and the shapes")
  func failedOwnOperator() async {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      throwing_operators_register()
      _ = call("throwing::standard", Tensor.ones([2, 3]))
    }
    #expect(
      standardError(result).contains("a standard exception (throwing::standard: Float[2, 3])"))
  }

  @Test("an exception during a gradient traps with its text")
  func failedGradient() async {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      throwing_operators_register()
      let x = Tensor.ones([2]).requiringGrad()
      _ = gradients(of: [call("throwing::backward", x).sum()], withRespectTo: [x])
    }
    #expect(
      standardError(result).contains("an exception in a gradient (gradient of Float[] by 1 tensor)")
    )
  }

  @Test("memory that runs out ends the program with code 1 and one line")
  func outOfMemory() async {
    let result = await #expect(
      processExitsWith: .exitCode(1), observing: [\.standardErrorContent]
    ) {
      _ = Tensor.zeros([1 << 48])
    }
    let text = standardError(result)
    #expect(text.contains(": out of memory: DefaultCPUAllocator: can't allocate memory"))
    #expect(text.contains("(aten::zeros: [281474976710656]"))
    #expect(
      text.hasSuffix(
        "use fewer pictures at a time, a lower resolution or a narrower number format\n"))
    #expect(text.split(separator: "\n").count == 1)
  }

  #if os(Linux)
    @Test("the line is written although no memory is left at all")
    func nothingLeft() async {
      let result = await #expect(
        processExitsWith: .exitCode(1), observing: [\.standardErrorContent]
      ) {
        // All of the stack of a thread is there from the start; the first thread's would have to grow.
        let thread = Thread {
          _ = Tensor.zeros([1024])
          var kept: [UnsafeMutableRawPointer] = []
          kept.reserveCapacity(1 << 20)
          // Swift itself ends the program where it gets no memory for an object, so a few pieces, all
          // smaller than the tensor, are left to it, each between two that stay.
          var spare: [UnsafeMutableRawPointer] = []
          for size in stride(from: 16, through: 3072, by: 16) {
            for _ in 0..<(size <= 512 ? 4 : size % 128 == 0 ? 1 : 0) {
              if let piece = malloc(size), let wall = malloc(size) {
                spare.append(piece)
                kept.append(wall)
              }
            }
          }
          let numbers = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8)) ?? ""
          let pages = numbers.split(separator: " ").first.flatMap { rlim_t($0) } ?? 0
          let bytes = pages * rlim_t(sysconf(Int32(_SC_PAGESIZE)))
          var limit = rlimit(rlim_cur: bytes + 1 << 25, rlim_max: bytes + 1 << 25)
          setrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit)
          for size in sequence(first: 1 << 20, next: { $0 > 16 ? $0 / 2 : nil }) {
            while kept.count < kept.capacity, let piece = malloc(size) { kept.append(piece) }
          }
          spare.forEach { free($0) }
          _ = Tensor.zeros([1024])
        }
        thread.stackSize = 1 << 21
        thread.start()
        while true { sleep(1) }
      }
      #expect(standardError(result).contains(": out of memory: "))
    }
  #endif

  @Test("memory that C++ could not get ends the program the same way")
  func badAllocation() async {
    await #expect(processExitsWith: .exitCode(1)) {
      throwing_operators_register()
      _ = call("throwing::memory", Tensor.ones([1]))
    }
  }

  @Test("a wrong number of results traps")
  func wrongResultCount() async {
    await #expect(processExitsWith: .failure) { _ = call("aten::unbind.int", Tensor.ones([2])) }
  }

  @Test("item() of several elements, an axis out of range and too few bytes trap")
  func misuse() async {
    await #expect(processExitsWith: .failure) { _ = Tensor.ones([2]).item() }
    await #expect(processExitsWith: .failure) { _ = Tensor.ones([2]).size(1) }
    await #expect(processExitsWith: .failure) { _ = Tensor([1 as Float, 2], shape: [3]) }
  }

  @Test("gradients with respect to what records nothing trap")
  func gradientOfNothing() async {
    await #expect(processExitsWith: .failure) {
      let x = Tensor.ones([2])
      _ = gradients(of: [x.sum()], withRespectTo: [x])
    }
  }
}

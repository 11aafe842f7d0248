// Which processor features our own operators use.

import Layers
import Tensors
import Testing

@Suite("Kernel features")
struct KernelFeatureTests {
  @Test("our own operators use what libtorch uses of the processor")
  func level() {
    #expect(["AVX512", "AVX2", "plain"].contains(kernelFeatureLevel))
    #if arch(x86_64) && os(Linux)
      // libtorch's level can be lowered from outside, ours cannot.
      if Machine.featureLevel == "AVX512" { #expect(kernelFeatureLevel == "AVX512") }
      if Machine.featureLevel == "AVX2" { #expect(kernelFeatureLevel != "plain") }
    #endif
  }
}

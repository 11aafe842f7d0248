// Resampling changes sizes by exactly its factor, also with filters shorter than the factor.

import Layers
import Tensors
import Testing

@Suite struct ResamplingSizeTests {
  @Test(
    "enlarges by exactly the factor", arguments: [nil, [1], [1, 2], [1, 3, 3, 1]], [2, 3, 4])
  func upsampling(taps: [Double]?, factor: Int) {
    let x = Tensor.ones([1, 1, 6, 12])
    let y = upsample2d(x, filter: taps.map { resampleFilter($0) }, up: PerAxis(factor))
    #expect(y.shape == [1, 1, 6 * factor, 12 * factor])
  }

  @Test("reduces by exactly the factor", arguments: [nil, [1], [1, 2], [1, 3, 3, 1]], [2, 3, 4])
  func downsampling(taps: [Double]?, factor: Int) {
    let x = Tensor.ones([1, 1, 24, 12])
    let y = downsample2d(x, filter: taps.map { resampleFilter($0) }, down: PerAxis(factor))
    #expect(y.shape == [1, 1, 24 / factor, 12 / factor])
  }

  @Test("keeps a single row of a two-dimensional filter as it is")
  func singleRow() {
    #expect(resampleFilter(rows: [[1, 2, 1]]).shape == [1, 3])
    #expect(resampleFilter([1, 2, 1]).shape == [3, 3])
  }
}

// Distances between pictures: by features, and without weights.

import Inversion
import TestSupport
import Tensors
import Testing

@Suite("Distances of pictures") struct ImageDistanceTests {
  @Test("the pyramid is 0 for the target alone, and its gradients are those of its values")
  func pyramid() {
    let target = Tensor.seeded([1, 3, 16, 24], seed: 1)
    let distance = ImageDistance.pyramid.prepare(target)
    #expect(distance(target).item() == 0)
    #expect(distance(target + 0.01).item() > 0)
    expectGradients(at: [.seeded([1, 3, 16, 24], seed: 2)]) { distance($0[0]) }
  }

  @Test("the pyramid is what it says: colours and their changes, at the mean over scales")
  func pyramidByHand() {
    // A difference of 1 everywhere has no changes, at the two scales of 16 and 8 pixels.
    let flat = ImageDistance.pyramid.prepare(.zeros([1, 1, 16, 16]))
    #expect(flat(.ones([1, 1, 16, 16])).item() == 1)
    // Columns of 1 and -1: changes of 2 along rows at the first scale, nothing at the second.
    let stripes = Tensor([Float(1), -1]).repeated(16, 8).reshaped(1, 1, 16, 16)
    #expect(flat(stripes).item() == 2.5)
  }

  @Test("sizes that cannot be halved are compared as they are")
  func oddSizes() {
    for shape in [[1, 1, 7, 7], [1, 4, 8, 8], [1, 3, 18, 9], [1, 1, 1, 1]] {
      let distance = ImageDistance.pyramid.prepare(.zeros(shape))
      #expect(distance(.ones(shape)).item() == 1, "\(shape)")
    }
  }

  @Test("features see numbers from 0 to 255, of pictures averaged down to the size they know")
  func features() {
    let distance = ImageDistance.squaredFeatures(atMost: 4) { $0.flattened() }
    let measure = distance.prepare(.full(-1, [1, 1, 8, 8]))
    // 16 pixels that differ by 255 each.
    #expect(measure(.ones([1, 1, 8, 8])).item() == 16 * 255 * 255)
    let small = distance.prepare(.full(-1, [1, 1, 2, 2]))
    #expect(small(.ones([1, 1, 2, 2])).item() == 4 * 255 * 255)
  }

  @Test("mean features see numbers from -1 to 1, and do not grow with the picture")
  func meanFeatures() {
    let distance = ImageDistance.meanFeatures(atMost: 4) { $0.flattened() }
    for side in [2, 8] {
      let measure = distance.prepare(.full(-1, [1, 1, side, side]))
      #expect(measure(.ones([1, 1, side, side])).item() == 4)
    }
  }
}

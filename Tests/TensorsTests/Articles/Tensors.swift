// The example on the first page about tensors.

import Tensors
import Testing

@Suite("First example of Tensors") struct TensorsPageTests {
  @Test("operators and derivatives give what they should")
  func example() {
    let x = Tensor([1, 2, 3, 4, 5, 6] as [Float], shape: [2, 3])
    let centred = x - x.mean(over: 1, keepAxes: true)  // [2, 3]
    let size = centred.square().sum(over: 1).sqrt()  // [2]

    let w = Tensor([0.5, -1, 2] as [Float]).requiringGrad()
    let loss = (x * w).sum().square()
    let slope = gradients(of: [loss], withRespectTo: [w], createGraph: true)[0]  // [3]
    let curvature = gradients(of: [slope.sum()], withRespectTo: [w])[0]  // [3]

    let angle = call("aten::atan2", x, x.onesLike())  // any operator, by its name

    #expect(size.values() == [Float(2).squareRoot(), Float(2).squareRoot()])
    // Σ x w = 2.5 - 7 + 18 = 13.5, the sums of columns are 5, 7, 9 and 21 in all.
    #expect(slope.values() == ([5, 7, 9] as [Float]).map { 27 * $0 })
    #expect(curvature.values() == ([5, 7, 9] as [Float]).map { 42 * $0 })
    #expect(abs(angle.values(as: Double.self)[0] - Double.pi / 4) < 1e-6)
  }
}

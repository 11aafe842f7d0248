// Gradients checked against differences of the function itself, in float64.

public import Tensors
public import Testing

/// Expects the gradients of a function to be what its values say.
///
/// The function's result is squared and summed with random weights. Along three random directions
/// through all inputs at once the derivative of that sum is compared with its central difference: a
/// wrong element of a gradient changes every such derivative. The step of 1e-6 leaves an error of
/// about 1e-12 by curvature and 1e-10 by rounding, relative to the sizes of the sum and its
/// derivatives; `tolerance` stands above both.
///
/// - Parameters:
///   - inputs: Where the gradients are taken, float64.
///   - tolerance: The difference allowed for each unit of the derivative and the sum.
///   - note: What is checked, where one test checks several.
///   - sourceLocation: Where issues are reported.
///   - function: The function; differentiable at the inputs.
public func expectGradients(
  at inputs: [Tensor], tolerance: Double = 1e-6, _ note: @autoclosure () -> String = "",
  sourceLocation: SourceLocation = #_sourceLocation, of function: ([Tensor]) -> Tensor
) {
  func weighted(_ x: [Tensor]) -> Tensor {
    let y = function(x)
    return (y.square() * .seeded(y.shape, seed: 77)).sum()
  }
  let x = inputs.map { $0.cloned().requiringGrad() }
  let sum = weighted(x)
  let found = gradients(of: [sum], withRespectTo: x)
  for seed in UInt64(0)..<3 {
    let directions = x.enumerated().map {
      Tensor.seeded($1.shape, seed: 100 + 10 * seed + UInt64($0))
    }
    func moved(by step: Double) -> Double {
      let there = zip(inputs, directions).map { ($0 + $1 * step).requiringGrad() }
      return weighted(there).item()
    }
    let expected = (moved(by: 1e-6) - moved(by: -1e-6)) / 2e-6
    let derivative = zip(found, directions).map { ($0 * $1).sum().item() }.reduce(0, +)
    let bound = tolerance * (1 + Swift.abs(expected) + Swift.abs(sum.item()))
    #expect(
      Swift.abs(derivative - expected) <= bound,
      "derivative \(derivative), difference \(expected) \(note())", sourceLocation: sourceLocation)
  }
}

/// Expects the gradients of a function, and the gradients of those, to be what the values say.
///
/// - Parameters:
///   - inputs: Where the gradients are taken, float64.
///   - tolerance: As in `expectGradients`.
///   - note: What is checked, where one test checks several.
///   - sourceLocation: Where issues are reported.
///   - function: The function; twice differentiable at the inputs.
public func expectSecondGradients(
  at inputs: [Tensor], tolerance: Double = 1e-6, _ note: @autoclosure () -> String = "",
  sourceLocation: SourceLocation = #_sourceLocation, of function: ([Tensor]) -> Tensor
) {
  let text = note()
  expectGradients(
    at: inputs, tolerance: tolerance, text, sourceLocation: sourceLocation, of: function)
  expectGradients(
    at: inputs, tolerance: tolerance, "second order \(text)", sourceLocation: sourceLocation
  ) { x in
    // The square makes the gradient that flows into the function depend on the inputs too.
    let y = function(x)
    let sum = (y.square() * .seeded(y.shape, seed: 78)).sum()
    let first = gradients(of: [sum], withRespectTo: x, createGraph: true)
    return .concatenate(first.map { $0.flattened() }, axis: 0)
  }
}

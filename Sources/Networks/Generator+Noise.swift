// Other noise images in the place of the stored ones, for as long as a picture takes.

public import Tensors

extension Generator {
  /// Runs `body` while the generator has other noise images than the stored ones, then gives it
  /// back its own.
  ///
  /// Inversion finds noise for one picture; the network stays as it was. Gradients with respect to
  /// the tensors of `noiseInputs` are those with respect to the given noise.
  ///
  /// - Parameters:
  ///   - noise: A tensor for each of `noiseInputs`, with its shape.
  ///   - body: What to run.
  /// - Returns: What `body` returns.
  /// - Throws: What `body` throws.
  public func withNoise<Result, Failure>(
    _ noise: [Tensor], _ body: () throws(Failure) -> Result
  ) throws(Failure) -> Result {
    let inputs = noiseInputs.map(\.tensor)
    precondition(
      noise.map(\.shape) == inputs.map(\.shape),
      "noise of shapes \(noise.map(\.shape)), expected \(inputs.map(\.shape))")
    func assign(_ values: [Tensor]) {
      withoutGradients { for (input, value) in zip(inputs, values) { input.assign(value) } }
    }
    let own = withoutGradients { inputs.map { $0.detached().cloned() } }
    assign(noise)
    defer { assign(own) }
    return try body()
  }
}

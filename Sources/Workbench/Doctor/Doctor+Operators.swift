// Which way each operator takes, and whether it gives what a plain reference does.

import Layers
package import Tensors

extension DoctorJob {
  /// The ways of all operators that matter for speed, each tried on a tiny input.
  package func operatorPaths() -> [DoctorReport.OperatorPath] {
    let own = "own operator, \(kernelFeatureLevel)"
    let build = TorchBuild(Machine.torchBuild)
    let torch = "libtorch, \(Machine.featureLevel)"
    let convolution = build.oneDNN == nil ? torch : "oneDNN"
    var random = SmallNumbers()
    return [
      Self.upfirdn2dPath(own, &random),
      Self.affineSamplingPath(own, &random),
      Self.straightPath(own, &random),
      Self.curvedPath(torch, &random),
      Self.conv2dPath(convolution, .float32, &random),
      Self.conv2dPath(convolution, .bfloat16, &random),
      Self.convolution3x3Path(own, convolution, &random),
      Self.normedConvolutionPath(own, convolution, &random),
      Self.modulatedConv2dPath(convolution, &random),
      Self.styledConv2dPath(own, convolution, &random),
      Self.attentionPath(own, &random),
      Self.recordedAttentionPath(torch, &random),
      Self.windowPath(own, &random),
      Self.neighborhoodPath(own, &random),
      Self.tokenPath(own, &random),
      Self.momentsPath(own, &random),
      Self.linearPath(build.oneDNN == nil ? torch : "oneDNN", &random),
      Self.recordedLinearPath(build.oneDNN == nil ? torch : "oneDNN", &random),
      Self.narrowLinearPath(own, build.oneDNN == nil ? torch : "oneDNN", &random),
      Self.productPath(build.mkl == nil ? torch : "MKL", &random),
      Self.drawingPath(own),
    ]
  }

  /// Compares a result with a reference, relative to the largest number of the reference.
  package static func path(
    _ name: String, _ path: String, because reason: String, found: [Tensor], expected: [Tensor],
    reference: String, tolerance: Double
  ) -> DoctorReport.OperatorPath {
    let differences = zip(found, expected).map { found, expected -> Double in
      let (a, b) = (found.cast(to: .float64), expected.cast(to: .float64))
      guard a.shape == b.shape, a.isFinite().all else { return .infinity }
      return (a - b).abs().max().item() / Swift.max(b.abs().max().item(), 1e-30)
    }
    return DoctorReport.OperatorPath(
      name: name, path: path, reason: reason, reference: reference,
      difference: differences.max() ?? .infinity, tolerance: tolerance)
  }

  private static func upfirdn2dPath(
    _ own: String, _ random: inout SmallNumbers
  ) -> DoctorReport.OperatorPath {
    let x = random.tensor([2, 3, 9, 37]).requiringGrad()
    let filter = Tensor([1, 3, 3, 1] as [Float]) / 8
    let (up, padding) = (PerAxis(2), Padding(2))
    let results = [
      upfirdn2d(x, filter: filter, up: up, down: 1, padding: padding),
      upfirdn2dReference(x, filter: filter, up: up, down: 1, padding: padding),
    ]
    let slopes = Self.slopes(of: results, by: [x], &random)
    return path(
      "upfirdn2d", own, because: "makes no enlarged picture", found: [results[0]] + slopes[0],
      expected: [results[1]] + slopes[1], reference: "plain operations, with the gradient",
      tolerance: 1e-5)
  }

  private static func affineSamplingPath(
    _ own: String, _ random: inout SmallNumbers
  ) -> DoctorReport.OperatorPath {
    let x = random.tensor([2, 3, 9, 13]).requiringGrad()
    let maps = Tensor(
      [0.9, 0.3, -1, -0.2, 1.1, 0.5, -1, 0, 12, 0, 1, -0.25] as [Double], shape: [2, 2, 3])
    let results = [
      affineSampled(x, at: maps, height: 8, width: 15),
      affineSampledReference(x, at: maps, height: 8, width: 15),
    ]
    let slopes = Self.slopes(of: results, by: [x], &random)
    return path(
      "affineSampled", own, because: "has gradients of any order", found: [results[0]] + slopes[0],
      expected: [results[1]] + slopes[1], reference: "plain operations, with the gradient",
      tolerance: 1e-5)
  }

  private static func straightPath(
    _ own: String, _ random: inout SmallNumbers
  ) -> DoctorReport.OperatorPath {
    let x = random.tensor([2, 3, 5, 37]).requiringGrad()
    let bias = random.tensor([3])
    let results = [
      biasAct(x, bias: bias, activation: .lrelu, clamp: 2),
      biasActReference(x, bias: bias, activation: .lrelu, clamp: 2),
    ]
    let slopes = Self.slopes(of: results, by: [x], &random)
    return path(
      "biasAct, straight", own,
      because: "\(names { $0.hasOwnOperator }): one pass over memory",
      found: [results[0]] + slopes[0], expected: [results[1]] + slopes[1],
      reference: "plain operations, with the gradient",
      tolerance: 1e-5)
  }

  private static func curvedPath(
    _ torch: String, _ random: inout SmallNumbers
  ) -> DoctorReport.OperatorPath {
    let x = random.tensor([2, 3, 5, 37])
    return path(
      "biasAct, curved", torch, because: "\(names { !$0.hasOwnOperator }): plain operations",
      found: [biasAct(x, activation: .swish), biasAct(x, activation: .tanh)],
      expected: [.swish, .tanh].map { biasActReference(x.cast(to: .float64), activation: $0) },
      reference: "64-bit numbers", tolerance: 1e-5)
  }

  private static func conv2dPath(
    _ convolution: String, _ dtype: DType, _ random: inout SmallNumbers
  ) -> DoctorReport.OperatorPath {
    // Rounded first, so that the reference has the same numbers to compute with.
    let x = random.tensor([2, 16, 12, 12]).cast(to: dtype)
    let weight = random.tensor([16, 16, 3, 3]).cast(to: dtype)
    return path(
      "conv2d, \(dtype)", convolution, because: "as libtorch chooses",
      found: [x.conv2d(weight, padding: [1, 1])],
      expected: [x.cast(to: .float64).conv2d(weight.cast(to: .float64), padding: [1, 1])],
      reference: "64-bit numbers, without oneDNN", tolerance: dtype == .float32 ? 1e-5 : 8e-3)
  }

  private static func convolution3x3Path(
    _ own: String, _ convolution: String, _ random: inout SmallNumbers
  ) -> DoctorReport.OperatorPath {
    let (x, weight) = (
      random.tensor([2, 32, 9, 9]).requiringGrad(), random.tensor([32, 32, 3, 3]).requiringGrad()
    )
    let wide = x.cast(to: .float64)
    var (found, expected): ([Tensor], [Tensor]) = ([], [])
    for stride in 1...2 {
      let results = [
        convolution3x3(x, weight: weight, stride: stride),
        convolution3x3Reference(wide, weight: weight.cast(to: .float64), stride: stride)
          .cast(to: .float32),
      ]
      let slopes = Self.slopes(of: results, by: [x, weight], &random)
      found += [results[0]] + slopes[0]
      expected += [results[1]] + slopes[1]
    }
    return path(
      "convolution3x3", kernelFeatureLevel == "AVX512" ? own : convolution,
      because: kernelFeatureLevel == "AVX512" ? "few multiplications" : "registers are too few",
      found: found, expected: expected, reference: "64-bit numbers, with the gradients",
      tolerance: 1e-4)
  }

  private static func normedConvolutionPath(
    _ own: String, _ convolution: String, _ random: inout SmallNumbers
  ) -> DoctorReport.OperatorPath {
    let p = Scope(ParameterStore(), generator: TorchGenerator(seed: 0))
    let layer = ConvolutionLayer(
      p / "layer", inChannels: 32, outChannels: 32, kernelSize: 3, padding: 1)
    let norm = BatchNormLayer(p / "norm", channels: 32)
    let slopes = PReLULayer(p / "slopes", channels: 32)
    withoutGradients {
      p.store["norm.weight"].assign(random.tensor([32]))
      p.store["norm.bias"].assign(random.tensor([32]))
    }
    let x = random.tensor([2, 32, 9, 9])
    let isOwn = withoutGradients { layer.isFinishable }
    return path(
      "convolution3x3, normed", isOwn ? own : convolution,
      because: isOwn
        ? "normalisation and slopes in the same pass" : "registers are too few",
      found: [withoutGradients { layer(x, norm: norm, slopes: slopes) }],
      expected: [layer(x, norm: norm, slopes: slopes)],
      reference: "one operation after the other", tolerance: 1e-4)
  }

  private static func modulatedConv2dPath(
    _ convolution: String, _ random: inout SmallNumbers
  ) -> DoctorReport.OperatorPath {
    let (x, weight) = (random.tensor([2, 8, 8, 8]), random.tensor([8, 8, 3, 3]))
    let styles = random.tensor([2, 8])
    return path(
      "modulatedConv2d", "\(convolution), grouped", because: "a kernel of its own for each picture",
      found: [modulatedConv2d(x, weight: weight, styles: styles, padding: 1)],
      expected: [
        modulatedConv2d(
          x.cast(to: .float64), weight: weight.cast(to: .float64),
          styles: styles.cast(to: .float64), padding: 1, fused: false)
      ],
      reference: "scaled before and after, 64-bit numbers", tolerance: 1e-5)
  }

  private static func styledConv2dPath(
    _ own: String, _ convolution: String, _ random: inout SmallNumbers
  ) -> DoctorReport.OperatorPath {
    let (x, weight) = (random.tensor([2, 16, 8, 8]), random.tensor([32, 16, 3, 3]))
    let (styles, filter) = (random.tensor([2, 16]), defaultResampleFilter())
    let epilogue = ConvolutionEpilogue(bias: random.tensor([32]))
    let results = withoutGradients {
      [styledConv2d, styledConv2dReference].map { convolve in
        (1...2).map { up in convolve(x, weight, styles, up, filter, epilogue, true) }
      }
    }
    return path(
      "styledConv2d", kernelFeatureLevel == "AVX512" ? own : convolution,
      because: kernelFeatureLevel == "AVX512"
        ? "few multiplications, and what follows in the same pass" : "registers are too few",
      found: results[0], expected: results[1],
      reference: "one operation after the other", tolerance: 1e-4)
  }

  private static func attentionPath(
    _ own: String, _ random: inout SmallNumbers
  ) -> DoctorReport.OperatorPath {
    let all = (0..<3).map { _ in random.tensor([2, 3, 40, 32]) }
    return path(
      "attention", own, because: "weights never leave the caches",
      found: [
        withoutGradients { scaledDotProductAttention(all[0], keys: all[1], values: all[2]) }
      ],
      expected: [scaledDotProductAttentionReference(all[0], keys: all[1], values: all[2])],
      reference: "all weights at once", tolerance: 1e-5)
  }

  private static func recordedAttentionPath(
    _ torch: String, _ random: inout SmallNumbers
  ) -> DoctorReport.OperatorPath {
    let all = (0..<3).map { _ in random.tensor([2, 3, 40, 32]).requiringGrad() }
    let results = [
      scaledDotProductAttention(all[0], keys: all[1], values: all[2]),
      scaledDotProductAttentionReference(all[0], keys: all[1], values: all[2]),
    ]
    let slopes = Self.slopes(of: results, by: all, &random)
    return path(
      "attention, recorded", torch, because: "keeps no weights for the gradient",
      found: [results[0]] + slopes[0], expected: [results[1]] + slopes[1],
      reference: "all weights at once, with the gradients", tolerance: 1e-5)
  }

  private static func windowPath(
    _ own: String, _ random: inout SmallNumbers
  ) -> DoctorReport.OperatorPath {
    // One window, which is the whole map.
    let all = (0..<3).map { _ in random.tensor([2, 4, 4, 3, 32]) }
    let bias = random.tensor([1, 3, 16, 16])
    func rows(_ x: Tensor) -> Tensor { x.reshaped(2, 16, 3, 32).transposed(1, 2) }
    let found = withoutGradients {
      windowAttention(all[0], all[1], all[2], biases: bias, windowSize: 4, shifts: [0, 0, 0])
    }
    return path(
      "windowAttention", own, because: "windows are read where they lie",
      found: [found.map(rows) ?? .zeros([1])],
      expected: [
        scaledDotProductAttentionReference(
          rows(all[0]), keys: rows(all[1]), values: rows(all[2]), bias: bias)
      ], reference: "all weights at once", tolerance: 1e-5)
  }

  private static func tokenPath(
    _ own: String, _ random: inout SmallNumbers
  ) -> DoctorReport.OperatorPath {
    let (x, filter) = (random.tensor([2, 16, 37]), random.tensor([4, 4]))
    let (styles, weight) = (random.tensor([2, 37]), random.tensor([5, 37]))
    let (noise, strength) = (random.tensor([16, 1]), random.tensor([]))
    let (factor, matrices) = (styles.unsqueezed(1), random.tensor([2, 3, 37]))
    let (map, codes) = (random.tensor([2, 4, 4, 6]), random.tensor([4, 3]))
    let narrow = random.tensor([2, 16, 37]).cast(to: .bfloat16)
    let found = withoutGradients {
      [
        styledNorm(x, styles: styles, dtype: .float32),
        scaledTokens(x, factor: factor, shift: factor, dtype: .float32),
        finishedTokens(x + 0, noise: noise, strength: strength, clamp: 1),
        enlargedTokens(x, filter: filter), tokenChannels(x, matrices: matrices),
        demodulation(of: weight, styles: styles),
        placedTokens(map, columns: codes, rows: codes.unsqueezed(1)), sum(x, narrow: narrow),
      ]
    }
    return path(
      "tokens", own, because: "one pass over memory", found: found,
      expected: [
        styledNormReference(x, styles: styles, dtype: .float32),
        scaledTokensReference(x, factor: factor, shift: factor, dtype: .float32),
        finishedTokensReference(x, noise: noise, strength: strength, clamp: 1),
        enlargedTokensReference(x, filter: filter), tokenChannelsReference(x, matrices: matrices),
        demodulationReference(of: weight, styles: styles),
        placedTokensReference(map, columns: codes, rows: codes.unsqueezed(1)), x + narrow,
      ], reference: "one operation after the other", tolerance: 1e-5)
  }

  private static func linearPath(
    _ product: String, _ random: inout SmallNumbers
  ) -> DoctorReport.OperatorPath {
    let (x, weight) = (random.tensor([48, 32]), random.tensor([24, 32]))
    let bias = random.tensor([24])
    return path(
      "linear", product, because: "bias and GELU in the same pass",
      found: [withoutGradients { linear(x, weight: weight, bias: bias, activation: .gelu) }],
      expected: [
        linearReference(
          x.cast(to: .float64), weight: weight.cast(to: .float64), bias: bias.cast(to: .float64),
          activation: .gelu)
      ], reference: "64-bit numbers", tolerance: 1e-5)
  }

  private static func recordedLinearPath(
    _ product: String, _ random: inout SmallNumbers
  ) -> DoctorReport.OperatorPath {
    // As many numbers as oneDNN is asked for.
    let (x, weight) = (
      random.tensor([1024, 32]).requiringGrad(), random.tensor([32, 32]).requiringGrad()
    )
    let results = [
      linear(x, weight: weight),
      linearReference(x.cast(to: .float64), weight: weight.cast(to: .float64)).cast(to: .float32),
    ]
    let slopes = Self.slopes(of: results, by: [x, weight], &random)
    return path(
      "linear, recorded", product, because: "has gradients of any order",
      found: [results[0]] + slopes[0], expected: [results[1]] + slopes[1],
      reference: "64-bit numbers, with the gradients", tolerance: 1e-5)
  }

  private static func narrowLinearPath(
    _ own: String, _ product: String, _ random: inout SmallNumbers
  ) -> DoctorReport.OperatorPath {
    let x = random.tensor([48, 32]).cast(to: .bfloat16)
    let (weight, bias) = (random.tensor([64, 32]), random.tensor([64]))
    return path(
      "linear, bfloat16", isMultipliedInPairs ? own : product,
      because: isMultipliedInPairs
        ? "weights are rounded as they are read" : "pairs of numbers are not multiplied",
      found: [withoutGradients { linear(x, weight: weight, bias: bias, activation: .gelu) }],
      expected: [
        linearReference(
          x.cast(to: .float64), weight: weight.cast(to: .bfloat16).cast(to: .float64),
          bias: bias.cast(to: .float64), activation: .gelu)
      ], reference: "64-bit numbers", tolerance: 8e-3)
  }

  private static func momentsPath(
    _ own: String, _ random: inout SmallNumbers
  ) -> DoctorReport.OperatorPath {
    let x = random.tensor([2, 40, 37])
    let (found, expected) = (
      withoutGradients { channelMoments(x) }, x.cast(to: .float64).varianceAndMean(over: 1)
    )
    return path(
      "channelMoments", own, because: "one pass over memory", found: [found.variance, found.mean],
      expected: [expected.variance, expected.mean], reference: "64-bit numbers", tolerance: 1e-5)
  }

  private static func drawingPath(_ own: String) -> DoctorReport.OperatorPath {
    func generator() -> TorchGenerator { TorchGenerator(seed: 0) }
    let shape = [300_000]
    return path(
      "random numbers", own, because: "several threads draw them",
      found: [
        drawnNormal(shape, generator: generator()), drawnUniform(shape, generator: generator()),
      ],
      expected: [
        .randn(shape, generator: generator()), .rand(shape, generator: generator()),
      ], reference: "one thread", tolerance: 1e-12)
  }

  private static func neighborhoodPath(
    _ own: String, _ random: inout SmallNumbers
  ) -> DoctorReport.OperatorPath {
    let shape = [2, 7, 9, 2, 4]  // [N, H, W, heads, D]
    let (q, k, v) = (
      random.tensor(shape).requiringGrad(), random.tensor(shape), random.tensor(shape)
    )
    let bias = random.tensor([2, 5, 5])
    let results = [neighborhoodAttention, neighborhoodAttentionReference].map { attend in
      attend(q, k, v, bias, 3, 2, 0.5)
    }
    let slopes = Self.slopes(of: results, by: [q], &random)
    return path(
      "neighborhoodAttention", own, because: "memory grows with the tokens alone",
      found: [results[0]] + slopes[0], expected: [results[1]] + slopes[1],
      reference: "gathered neighbours, with the gradient", tolerance: 1e-5)
  }

  private static func productPath(
    _ product: String, _ random: inout SmallNumbers
  ) -> DoctorReport.OperatorPath {
    let (a, b) = (random.tensor([16, 32]), random.tensor([32, 16]))
    let (rows, columns) = (a.cast(to: .float64).unsqueezed(2), b.cast(to: .float64).unsqueezed(0))
    return path(
      "matmul", product, because: "as libtorch chooses", found: [a.matmul(b)],
      expected: [(rows * columns).sum(over: 1)], reference: "products and a sum, 64-bit numbers",
      tolerance: 1e-5)
  }

  private static func names(_ isMeant: (Activation) -> Bool) -> String {
    Activation.allCases.filter(isMeant).map(\.rawValue).joined(separator: ", ")
  }

  /// The gradients of weighted sums of several results by what they were computed from.
  private static func slopes(
    of results: [Tensor], by inputs: [Tensor], _ random: inout SmallNumbers
  ) -> [[Tensor]] {
    let weights = random.tensor(results[0].shape)
    return results.map { gradients(of: [$0], withRespectTo: inputs, weights: [weights]) }
  }
}

/// Random numbers around 0, the same on every machine.
private struct SmallNumbers {
  private var state = RandomState(seed: 0)

  mutating func tensor(_ shape: [Int]) -> Tensor {
    Tensor(state.randn(shape.reduce(1, *)).map { Float($0) }, shape: shape)
  }
}

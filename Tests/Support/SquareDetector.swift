// Weights for MTCNN's three networks that find bright squares on black instead of faces, so that
// tests know where what is found really is.

public import Tensors

/// Weights with which MTCNN takes bright squares on black for faces.
///
/// The left eye is the square's upper left corner, the right eye the upper right one, the nose its
/// middle, and the corners of the mouth are the lower corners. The box is twice as wide as the
/// square.
///
/// The first network compares windows with a pattern. The others look through random kernels; what
/// they say is fitted to squares whose edges are known, by least squares.
public enum SquareDetector {
  /// The parameters under facenet-pytorch's names, with `pnet.` and so on before them.
  public static func parameters() -> [(name: String, tensor: Tensor)] {
    withoutGradients { proposal() + refinement() + output() }
  }

  // MARK: The first network

  private static func proposal() -> [(name: String, tensor: Tensor)] {
    // The maxima of 2 × 2 pixels, 5 × 5 of them, of which the middle 3 × 3 are to be bright. The
    // second layer moves them by 0 to 2 places along both axes, the third by 0 to 2 again and sums.
    var first = [Float](repeating: 0, count: 10 * 3 * 3 * 3)
    for colour in 0..<3 { first[colour * 9 + 4] = 1 / 3 }
    var second = [Float](repeating: 0, count: 16 * 10 * 9)
    for shift in 0..<9 { second[shift * 90 + shift] = 1 }
    var third = [Float](repeating: 0, count: 32 * 16 * 9)
    for (row, column) in (0..<25).map({ ($0 / 5, $0 % 5) }) {
      let shift = min(row, 2) * 3 + min(column, 2)
      let place = (row - min(row, 2)) * 3 + column - min(column, 2)
      third[shift * 9 + place] = (1...3).contains(row) && (1...3).contains(column) ? 1 : -1
    }
    var classes = [Float](repeating: 0, count: 2 * 32)
    classes[32] = 1
    return [
      ("pnet.conv1.weight", Tensor(first, shape: [10, 3, 3, 3])),
      ("pnet.conv1.bias", .zeros([10])), ("pnet.prelu1.weight", .ones([10])),
      ("pnet.conv2.weight", Tensor(second, shape: [16, 10, 3, 3])),
      ("pnet.conv2.bias", .zeros([16])), ("pnet.prelu2.weight", .ones([16])),
      ("pnet.conv3.weight", Tensor(third, shape: [32, 16, 3, 3])),
      ("pnet.conv3.bias", .zeros([32])), ("pnet.prelu3.weight", .ones([32])),
      ("pnet.conv4_1.weight", Tensor(classes, shape: [2, 32, 1, 1])),
      // A perfect window has 25, one that is a place off along one axis 13, a black one 7.
      ("pnet.conv4_1.bias", Tensor([0, -12] as [Float])),
      ("pnet.conv4_2.weight", .zeros([4, 32, 1, 1])), ("pnet.conv4_2.bias", .zeros([4])),
    ]
  }

  // MARK: The second and third network

  private static func refinement() -> [(name: String, tensor: Tensor)] {
    let kernels = [[28, 3, 3, 3], [48, 28, 3, 3], [64, 48, 2, 2]]
    let chain = Chain(kernels, pools: [3, 3], seed: 1)
    let squares = Squares(600, side: 24, middle: 0.32...0.68, half: 0.17...0.33, seed: 2)
    // The box is twice as wide as the square: as far again on both sides.
    let (lower, upper) = (squares.lower, squares.upper)
    let wanted = Tensor.concatenate(
      [lower * 1.5 - upper * 0.5, upper * 1.5 - lower * 0.5 - 1], axis: 1)
    return chain.parameters("rnet.")
      + chain.fitted(to: squares.images, wanted)
      .parameters("rnet.dense4", slopes: "rnet.prelu4", width: 128)
      + head("rnet.dense5_1", inFeatures: 128, bias: [0, 5])
      + head("rnet.dense5_2", inFeatures: 128, picking: 4)
  }

  private static func output() -> [(name: String, tensor: Tensor)] {
    let kernels = [[32, 3, 3, 3], [64, 32, 3, 3], [64, 64, 3, 3], [128, 64, 2, 2]]
    let chain = Chain(kernels, pools: [3, 3, 2], seed: 3)
    let squares = Squares(500, side: 48, middle: 0.45...0.55, half: 0.21...0.29, seed: 4)
    func axis(_ i: Int, _ tensor: Tensor) -> Tensor { tensor.sliced(i..<i + 1, axis: 1) }
    let (lower, upper) = (squares.lower, squares.upper)
    let (x0, y0, x1, y1) = (axis(0, lower), axis(1, lower), axis(0, upper), axis(1, upper))
    let wanted = Tensor.concatenate(
      [x0, x1, (x0 + x1) * 0.5, x0, x1, y0, y0, (y0 + y1) * 0.5, y1, y1], axis: 1)
    return chain.parameters("onet.")
      + chain.fitted(to: squares.images, wanted)
      .parameters("onet.dense5", slopes: "onet.prelu5", width: 256)
      + head("onet.dense6_1", inFeatures: 256, bias: [0, 5])
      + head("onet.dense6_2", inFeatures: 256, bias: [0, 0, 0, 0])
      + head("onet.dense6_3", inFeatures: 256, picking: 10)
  }

  /// A last layer that gives constants.
  private static func head(
    _ name: String, inFeatures: Int, bias: [Float]
  ) -> [(name: String, tensor: Tensor)] {
    [
      ("\(name).weight", .zeros([bias.count, inFeatures])), ("\(name).bias", Tensor(bias)),
    ]
  }

  /// A last layer that gives the first features as they are.
  private static func head(
    _ name: String, inFeatures: Int, picking count: Int
  ) -> [(name: String, tensor: Tensor)] {
    var weight = [Float](repeating: 0, count: count * inFeatures)
    for i in 0..<count { weight[i * inFeatures + i] = 1 }
    return [
      ("\(name).weight", Tensor(weight, shape: [count, inFeatures])),
      ("\(name).bias", .zeros([count])),
    ]
  }
}

/// Pictures of one bright square on black, and where it is.
private struct Squares {
  /// [N, 3, side, side] in [-1, 1].
  let images: Tensor
  /// The left and upper edge in sides of the picture: [N, 2].
  let lower: Tensor
  /// The right and lower edge in sides of the picture: [N, 2].
  let upper: Tensor

  init(
    _ count: Int, side: Int, middle: ClosedRange<Double>, half: ClosedRange<Double>, seed: UInt64
  ) {
    let generator = TorchGenerator(seed: seed)
    func between(_ range: ClosedRange<Double>) -> Tensor {
      Tensor.rand([count, 2], generator: generator) * (range.upperBound - range.lowerBound)
        + range.lowerBound
    }
    let (middles, halves) = (between(middle), between(half))
    (lower, upper) = (middles - halves, middles + halves)
    let pixels = Tensor.arange(side).cast(to: .float32).reshaped(1, 1, side)
    /// How much of each pixel the square covers, along both axes: [N, 2, side].
    let low = call("aten::maximum", (lower * Double(side)).unsqueezed(2), pixels)
    let high = call("aten::minimum", (upper * Double(side)).unsqueezed(2), pixels + 1)
    let covered = (high - low).clamped(from: 0)
    let columns = covered.selected(0, axis: 1).reshaped(count, 1, 1, side)
    let rows = covered.selected(1, axis: 1).reshaped(count, 1, side, 1)
    images = (rows * columns * 2 - 1).expanded(count, 3, side, side)
  }
}

/// Random kernels one after another, with maxima of windows between them.
private struct Chain {
  private let kernels: [Tensor]
  /// The windows behind the first layers; every second one counts.
  private let pools: [Int]

  init(_ shapes: [[Int]], pools: [Int], seed: UInt64) {
    let generator = TorchGenerator(seed: seed)
    kernels = shapes.map { shape in
      let fanIn = Double(shape.dropFirst().reduce(1, *))
      return .randn(shape, generator: generator) * (1 / fanIn.squareRoot())
    }
    self.pools = pools
  }

  func parameters(_ prefix: String) -> [(name: String, tensor: Tensor)] {
    kernels.enumerated().flatMap { i, kernel in
      let channels = kernel.size(0)
      return [
        ("\(prefix)conv\(i + 1).weight", kernel),
        ("\(prefix)conv\(i + 1).bias", .zeros([channels])),
        ("\(prefix)prelu\(i + 1).weight", .ones([channels])),
      ]
    }
  }

  /// What the layers make of images that the networks bring to [-127.5 / 128, 127.5 / 128]: columns,
  /// rows and channels of 3 × 3 pixels, and 1.
  private func features(_ images: Tensor) -> Tensor {
    var x = images * (127.5 / 128)
    for (i, kernel) in kernels.enumerated() {
      x = x.conv2d(kernel)
      guard i < pools.count else { continue }
      x = call("aten::max_pool2d", x, [pools[i], pools[i]], [2, 2], [0, 0], [1, 1], true)
    }
    let flat = x.permuted(0, 3, 2, 1).flattened(from: 1).cast(to: .float64)
    return .concatenate([flat, .ones([flat.size(0), 1], dtype: .float64)], axis: 1)
  }

  /// The matrix that brings features nearest to what is wanted.
  ///
  /// - Parameters:
  ///   - images: [N, 3, side, side].
  ///   - wanted: [N, O].
  /// - Returns: The matrix with its bias.
  func fitted(to images: Tensor, _ wanted: Tensor) -> Fit {
    let x = features(images)
    let count = x.size(1)
    let ridge = call("aten::eye", count, DType.float64) * 0.01
    let weight = (x.transposed(0, 1).matmul(x) + ridge)
      .solving(x.transposed(0, 1).matmul(wanted.cast(to: .float64)))
    return Fit(matrix: weight.transposed(0, 1).cast(to: .float32))
  }
}

/// A matrix with its bias in the last column: [O, I + 1].
private struct Fit {
  let matrix: Tensor

  /// The layer with rows of zeros below, and slopes of 1 behind it.
  func parameters(
    _ name: String, slopes: String, width: Int
  ) -> [(name: String, tensor: Tensor)] {
    let all = matrix.padded(0, 0, 0, width - matrix.size(0))
    let count = matrix.size(1) - 1
    return [
      ("\(name).weight", all.sliced(0..<count, axis: 1).contiguous()),
      ("\(name).bias", all.selected(count, axis: 1).contiguous()),
      ("\(slopes).weight", .ones([width])),
    ]
  }
}

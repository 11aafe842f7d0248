// The direction that parts codes of two kinds of pictures: Shen et al. (2020), "Interpreting the
// Latent Space of GANs for Semantic Face Editing" (InterFaceGAN).

public import Tensors

/// How a boundary is found; the defaults are the published ones.
public struct SemanticBoundarySettings: Codable, Hashable, Sendable {
  /// How many codes are taken as clear examples of each side, at most half of all.
  public enum Choice: Codable, Hashable, Sendable {
    /// A share of all codes, from 0 to 1.
    case share(Double)
    /// A number of codes.
    case count(Int)

    /// The number of codes of each side.
    fileprivate func count(of all: Int) -> Int {
      switch self {
      case .share(let share): min(Int(Double(all) * share), all / 2)
      case .count(let count): min(count, all / 2)
      }
    }
  }

  /// The codes of highest and of lowest score that are taken.
  public var chosen = Choice.share(0.02)
  /// The share of those that the boundary is found with; the others test it.
  public var trainingShare = 0.7
  /// The price of a code on the wrong side.
  public var c = 1.0
  /// What the choice of those that test it depends on.
  public var seed: UInt32 = 0

  /// The published settings.
  public init() {}

  /// How many codes of each side the boundary is found with.
  ///
  /// - Parameter all: How many codes there are.
  /// - Returns: Their number; with none there is no boundary.
  public func trainingCount(of all: Int) -> Int {
    Int(Double(chosen.count(of: all)) * trainingShare)
  }

  fileprivate func check() throws(EditingError) {
    let isChoice =
      switch chosen {
      case .share(let share): (0...1).contains(share)
      case .count(let count): count >= 0
      }
    guard isChoice, (0...1).contains(trainingShare), c > 0, c.isFinite else {
      throw EditingError(
        "a boundary", expected: "shares from 0 to 1 and a positive price c",
        found: "\(chosen), \(trainingShare) and \(c)")
    }
  }
}

/// The hyperplane in W between pictures that have an attribute and those that do not.
public struct SemanticBoundary {
  /// Across the boundary, towards the attribute; of length 1.
  public let direction: LatentDirection
  /// The place of the boundary along the direction.
  public let offset: Double
  /// The share of the codes on the right side among those that tested it; nil if none did.
  public let accuracy: Double?
  /// How many codes of both sides it was found with.
  ///
  /// If they are no more than a code has numbers,
  /// some hyperplane parts them whatever their scores are.
  public let codeCount: Int
  /// How many others of both sides tested it.
  public let testCount: Int

  /// Finds the boundary between the codes of highest and of lowest score.
  ///
  /// - Parameters:
  ///   - codes: [N, wDim].
  ///   - scores: What an attribute's classifier says of each picture, the higher the clearer.
  ///   - settings: How.
  ///   - name: What changes across the boundary.
  /// - Throws: `EditingError` if there are too few codes or equal ones, numbers that are not finite,
  ///   or settings that cannot be.
  public init(
    codes: Tensor, scores: [Double], settings: SemanticBoundarySettings = .init(),
    name: String = ""
  ) throws(EditingError) {
    guard codes.rank == 2, codes.size(0) == scores.count, scores.allSatisfy(\.isFinite) else {
      throw EditingError(
        "a boundary", expected: "finite scores of codes \(codes.shape)",
        found: "\(scores.count), of which \(scores.count { !$0.isFinite }) are not")
    }
    guard codes.isFinite().all else {
      throw EditingError("a boundary", expected: "finite codes", found: "others")
    }
    guard let least = scores.min(), let most = scores.max(), least < most else {
      throw EditingError("a boundary", expected: "scores that differ", found: "equal ones")
    }
    try settings.check()
    let chosen = settings.chosen.count(of: scores.count)
    let trainingCount = settings.trainingCount(of: scores.count)
    guard trainingCount > 0 else {
      throw EditingError(
        "a boundary", expected: "at least one code of each side to find it with",
        found: "\(trainingCount) of \(scores.count)")
    }
    // Equal scores keep their order, so that the choice does not depend on the sorting.
    let order = scores.indices.sorted { (scores[$1], $0) < (scores[$0], $1) }
    var state = RandomState(seed: settings.seed)
    func divided(_ side: ArraySlice<Int>) -> (training: [Int], testing: [Int]) {
      var shuffled = Array(side)
      state.shuffle(&shuffled)
      return (Array(shuffled.prefix(trainingCount)), Array(shuffled.dropFirst(trainingCount)))
    }
    let (positive, negative) = (divided(order.prefix(chosen)), divided(order.suffix(chosen)))
    func rows(_ places: [Int]) -> Tensor { codes.picked(Tensor(places), axis: 0) }
    let training = rows(positive.training + negative.training)
    guard (training - training.sliced(0..<1, axis: 0)).abs().max().item() > 0 else {
      throw EditingError("a boundary", expected: "codes that differ", found: "equal ones")
    }
    let svm = try LinearSVM(
      training,
      isPositive: positive.training.map { _ in true } + negative.training.map { _ in false },
      c: settings.c)
    let length = svm.weight.norm().item()
    guard length > 0 else {
      throw EditingError("a boundary", expected: "codes that can be parted", found: "others")
    }
    let unit = svm.weight / length
    direction = LatentDirection(unit.cast(to: codes.dtype), name: name)
    offset = -svm.bias / length
    codeCount = 2 * trainingCount
    testCount = positive.testing.count + negative.testing.count
    accuracy = Self.accuracy(
      rows(positive.testing + negative.testing).cast(to: .float64).matmul(unit) - offset,
      positive: positive.testing.count)
  }

  /// The share of codes on the right side, the positive ones first; nil for none.
  private static func accuracy(_ places: Tensor, positive count: Int) -> Double? {
    let places = places.values(as: Double.self)
    guard !places.isEmpty else { return nil }
    let right = places.enumerated().count { ($0.element > 0) == ($0.offset < count) }
    return Double(right) / Double(places.count)
  }
}

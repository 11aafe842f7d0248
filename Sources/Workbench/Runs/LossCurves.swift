// What a training measured from line to line of its log, in as many points as a picture can show.

import Foundation

/// What a training measures in every step.
public enum LossName: String, CaseIterable, Codable, Sendable {
  /// How little the generator's images look real to the discriminator.
  case generator = "Loss/G/loss"
  /// How badly the discriminator tells images apart.
  case discriminator = "Loss/D/loss"
  /// How steep the discriminator is at real images.
  case r1 = "Loss/r1_penalty"
  /// What the discriminator says of real images.
  case realScore = "Loss/scores/real"
  /// What the discriminator says of the generator's images.
  case fakeScore = "Loss/scores/fake"
  /// How badly a classifier of attributes tells them.
  case attributes = "Loss/attributes/loss"
  /// How badly an identity network tells people apart, with the margin.
  case identity = "Loss/identity/loss"
  /// How far what is drawn of an encoder's codes is from the pictures: all losses together.
  case encoder = "Loss/encoder/loss"
  /// The probability of augmentation.
  case augmentation = "Progress/augment"

  /// What people call it.
  public var label: String {
    switch self {
    case .generator: "G loss"
    case .discriminator: "D loss"
    case .r1: "R1 penalty"
    case .realScore: "score, real"
    case .fakeScore: "score, fake"
    case .attributes, .identity, .encoder: "loss"
    case .augmentation: "augment p"
    }
  }
}

/// Losses over thousands of images; of long logs, means of neighbouring lines.
public struct LossCurves: Sendable {
  /// The most points that are kept; when there are twice as many, neighbours become one.
  private static let limit = 2048

  /// Thousands of images seen, at each point.
  public private(set) var kimg: [Double] = []
  /// The losses at each point; not a number where a line does not tell.
  public private(set) var values: [LossName: [Double]] = [:]
  /// Lines that are one point.
  private var linesPerPoint = 1
  /// Lines that are no whole point yet.
  private var pending: [StatisticsLine] = []

  init() {
    for name in LossName.allCases { values[name] = [] }
  }

  /// Adds the next line of the log.
  mutating func append(_ line: StatisticsLine) {
    pending.append(line)
    if pending.count == linesPerPoint { addPoint() }
  }

  /// Makes what is left a point, at the end of the log.
  mutating func finish() {
    if !pending.isEmpty { addPoint() }
  }

  private mutating func addPoint() {
    kimg.append(mean(pending.map(\.kimg)))
    for name in LossName.allCases {
      values[name]?.append(mean(pending.map { $0.means[name.rawValue] ?? .nan }))
    }
    pending = []
    guard kimg.count >= 2 * Self.limit else { return }
    kimg = halved(kimg)
    for name in LossName.allCases { values[name] = values[name].map(halved) }
    linesPerPoint *= 2
  }

  /// Whether the training measured a loss, or augmented images.
  public func tells(_ name: LossName) -> Bool {
    values[name]?.contains { $0.isFinite && (name != .augmentation || $0 != 0) } ?? false
  }

  /// The value of a loss at a place, between its two neighbours; nil outside of the curve.
  ///
  /// - Parameters:
  ///   - name: The loss.
  ///   - place: Thousands of images.
  /// - Returns: The value.
  public func value(of name: LossName, at place: Double) -> Double? {
    guard let all = values[name], let next = kimg.firstIndex(where: { $0 >= place }) else {
      return nil
    }
    guard next > 0 else { return kimg[0] == place ? all[0] : nil }
    let part = (place - kimg[next - 1]) / max(kimg[next] - kimg[next - 1], 1e-9)
    return all[next - 1] + (all[next] - all[next - 1]) * part
  }

  /// A loss as a row of blocks, the lowest value a low one.
  ///
  /// - Parameters:
  ///   - name: The loss.
  ///   - columns: The most blocks.
  /// - Returns: The row; empty if there are no values.
  public func sparkline(of name: LossName, columns: Int) -> String {
    let all = values[name] ?? []
    let count = min(columns, all.count)
    let means = (0..<count).map { column in
      mean(Array(all[column * all.count / count..<(column + 1) * all.count / count]))
    }
    let finite = means.filter(\.isFinite)
    guard let least = finite.min(), let most = finite.max() else { return "" }
    let blocks = Array("▁▂▃▄▅▆▇█")
    return String(
      means.map { value in
        guard value.isFinite else { return " " }
        let part = most > least ? (value - least) / (most - least) : 0.5
        return blocks[min(Int(part * 8), 7)]
      })
  }
}

/// The mean of those that are numbers; not a number if none is.
private func mean(_ values: [Double]) -> Double {
  let finite = values.filter(\.isFinite)
  return finite.isEmpty ? .nan : finite.reduce(0, +) / Double(finite.count)
}

/// The means of neighbours, of which there is an even number.
private func halved(_ values: [Double]) -> [Double] {
  stride(from: 0, to: values.count, by: 2).map { mean([values[$0], values[$0 + 1]]) }
}

// Which augmentation people choose, in the words of the published training program.

import Foundation

/// Which augmentation a training has, as people type it.
public struct AugmentationChoice: Codable, Hashable, Sendable {
  /// How often images are augmented.
  public enum Mode: String, CaseIterable, Codable, Hashable, Sendable {
    /// Never.
    case noaug
    /// As often as the discriminator needs it.
    case ada
    /// Equally often all the time.
    case fixed
  }

  /// How often images are augmented.
  public var mode: Mode
  /// What may happen to them.
  public var pipe: AugmentationSet
  /// The probability, where it is fixed.
  public var p: Double?
  /// What the mean sign of logits of real images should be, where the probability follows it.
  public var target: Double?

  /// The target of the paper.
  public static let usualTarget = 0.6
  /// Thousands of images in which p moves by 1, in trainings that start with the networks of a file.
  static let transferKimg = 100.0

  /// A choice.
  ///
  /// - Parameters:
  ///   - mode: How often images are augmented.
  ///   - pipe: What may happen to them.
  ///   - p: The probability, for `fixed`.
  ///   - target: The target, for `ada`; nil for the paper's.
  public init(
    _ mode: Mode = .ada, pipe: AugmentationSet = .bgc, p: Double? = nil, target: Double? = nil
  ) {
    (self.mode, self.pipe, self.p) = (mode, pipe, p)
    self.target = mode == .ada ? target ?? Self.usualTarget : nil
  }

  /// What trainers are told; nil for no augmentation.
  var training: TrainingAugmentation? {
    switch mode {
    case .noaug: nil
    case .ada:
      TrainingAugmentation(
        pipe: AugmentationPipe(pipe), control: .init(initialP: 0, target: target))
    case .fixed:
      TrainingAugmentation(
        pipe: AugmentationPipe(pipe), control: .init(initialP: p ?? 0, target: nil))
    }
  }

  /// The choice that gives trainers an augmentation.
  init(_ training: TrainingAugmentation?) {
    guard let training else {
      self.init(.noaug)
      return
    }
    let pipe = AugmentationSet.allCases.first { AugmentationPipe($0) == training.pipe }
    let control = training.control
    self.init(
      control.target == nil ? .fixed : .ada, pipe: pipe ?? .bgc,
      p: control.target == nil ? control.initialP : nil, target: control.target)
  }

  /// What names of folders say of it: what is not usual.
  var folderWords: [String] {
    guard mode != .noaug else { return ["noaug"] }
    return [
      mode == .fixed ? "fixed" : nil, p.map { String(format: "p%.4g", $0) },
      target.flatMap { $0 == Self.usualTarget ? nil : String(format: "target%.4g", $0) },
      pipe == .bgc ? nil : pipe.rawValue,
    ].compactMap(\.self)
  }
}

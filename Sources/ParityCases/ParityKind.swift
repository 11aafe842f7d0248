// The kinds of cases that can be run, and the ways in which each is computed.

package import Tensors

/// Computed tensors under the names that the list of kinds gives them.
package typealias Computed = [String: Tensor]

/// A kind of case: a system, a name in it, and how its tensors are computed.
package struct ParityKind: Sendable {
  /// One way to compute the tensors; clever paths and their plain references are two.
  package struct Way: Sendable {
    /// What reports call the way; nil if it is the only one.
    package let name: String?
    package let compute: @Sendable (CaseInputs) throws -> Computed
  }

  /// The system that cases name, such as `StyleGAN2-ADA`.
  package let system: String
  /// The kind that cases name, such as `s2_generator`.
  package let name: String
  package let ways: [Way]

  /// A kind that is computed in one way.
  init(
    _ system: String, _ name: String, _ compute: @escaping @Sendable (CaseInputs) throws -> Computed
  ) {
    self.init(system, name, [Way(name: nil, compute: compute)])
  }

  /// A kind that is computed in several ways, all of which must give the expected tensors.
  init(_ system: String, _ name: String, _ ways: [Way]) {
    (self.system, self.name, self.ways) = (system, name, ways)
  }

  /// Every kind; a new group of kinds adds its line here.
  package static let all: [ParityKind] =
    randomKinds + styleGAN2LayerKinds + styleGAN2NetworkKinds + styleGAN2TrainingKinds
    + styleGAN1Kinds + styleformerKinds + styleformerTrainingKinds + transformerKinds
    + transformerTrainingKinds + styleSwinKinds + waveletKinds + styleNATKinds + videoKinds
    + checkpointKinds + rosinalityKinds + transformerCheckpointKinds + encoderLayerKinds
    + inversionKinds + inversionLossKinds + rangerKinds + encoderTrainingKinds
    + encoderCheckpointKinds + projectorKinds
    + directionKinds + editingKinds + metricsKinds + augmentationKinds

  /// The kind of a case, or nil if none is known.
  package static func named(_ name: String, of system: String) -> ParityKind? {
    all.first { $0.system == system && $0.name == name }
  }
}

// What people may change of a network with the body of StyleGAN2's discriminator and of how it learns.

/// What people may change of a network with the body of StyleGAN2's discriminator and of how it learns.
public protocol BodySettings: Codable, Hashable, Sendable {
  /// Pictures in a step.
  var batchSize: Int { get set }
  /// Adam's learning rate.
  var learningRate: Double { get set }
  /// Features at resolution r are `min(channelBase / r, channelMax)`.
  var channelBase: Int { get set }
  /// The most features of a layer.
  var channelMax: Int { get set }
}

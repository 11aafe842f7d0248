// The names of rosinality's StyleGAN2 beside NVIDIA's, for both directions.

import Layers
import Tensors

/// A tensor's name in rosinality's code and in NVIDIA's, and how its form differs.
struct RosinalityName {
  /// How rosinality's tensor holds NVIDIA's elements.
  enum Form {
    /// Just so.
    case same
    /// With an axis of length 1 in front.
    case leadingAxis
    /// [C] as [1, C, 1, 1].
    case channels
    /// [H, W] as [1, 1, H, W].
    case image
    /// A filter times this gain.
    case filter(gain: Double)
  }

  let theirs: String
  let ours: String
  let form: Form

  /// Whether the network can do without the tensor being stored.
  var isOptional: Bool {
    switch form {
    case .filter, .image: true
    case .same, .leadingAxis, .channels: false
    }
  }
}

extension RosinalityName.Form {
  /// The shape of rosinality's tensor for one of NVIDIA's.
  func theirs(_ shape: [Int]) -> [Int] {
    switch self {
    case .same, .filter: shape
    case .leadingAxis: [1] + shape
    case .channels: [1] + shape + [1, 1]
    case .image: [1, 1] + shape
    }
  }

  /// The shape of NVIDIA's tensor for one of rosinality's, or nil if it has other axes.
  func ours(_ shape: [Int]) -> [Int]? {
    let inner: ArraySlice<Int> =
      switch self {
      case .same, .filter: shape[...]
      case .leadingAxis: shape.dropFirst()
      case .channels: shape.dropFirst().dropLast(2)
      case .image: shape.dropFirst(2)
      }
    return theirs(Array(inner)) == shape ? Array(inner) : nil
  }

  /// The gain of rosinality's filter over NVIDIA's.
  var gain: Double { if case .filter(let gain) = self { gain } else { 1 } }
}

// MARK: - Generator

extension RosinalityName {
  /// All tensors of a generator.
  ///
  /// - Parameters:
  ///   - resolution: The image's width and height, a power of two from 4 on.
  ///   - mappingLayers: Fully connected layers of the mapping network.
  /// - Returns: A pair of names for each tensor that rosinality's generator has.
  static func generator(resolution: Int, mappingLayers: Int) -> [RosinalityName] {
    var names = (0..<mappingLayers).flatMap { layer in
      // style.0 is the normalisation of z, which has no tensors.
      linear("style.\(layer + 1)", "mapping.fc\(layer)")
    }
    names.append(RosinalityName(theirs: "input.input", ours: const, form: .leadingAxis))
    names += styled("conv1", "synthesis.b4.conv1") + toRGB("to_rgb1", "synthesis.b4.torgb")
    names.append(noise(0, "synthesis.b4.conv1"))
    for (j, r) in sizes(from: 8, to: resolution).enumerated() {
      let block = "synthesis.b\(r)"
      names += styled("convs.\(2 * j)", "\(block).conv0")
      names += styled("convs.\(2 * j + 1)", "\(block).conv1")
      names += toRGB("to_rgbs.\(j)", "\(block).torgb")
      names += [noise(2 * j + 1, "\(block).conv0"), noise(2 * j + 2, "\(block).conv1")]
      // Filters that enlarge are stored with the gain that makes up for the zeros put in.
      names += [
        filter("convs.\(2 * j).conv.blur.kernel", "\(block).conv0", gain: 4),
        filter("to_rgbs.\(j).upsample.kernel", block, gain: 4),
      ]
    }
    return names
  }

  private static let const = "synthesis.b4.const"

  private static func sizes(from first: Int, to last: Int) -> [Int] {
    Array(sequence(first: first) { $0 * 2 }.prefix { $0 <= last })
  }

  private static func linear(_ theirs: String, _ ours: String) -> [RosinalityName] {
    ["weight", "bias"].map {
      RosinalityName(theirs: "\(theirs).\($0)", ours: "\(ours).\($0)", form: .same)
    }
  }

  private static func filter(_ theirs: String, _ ours: String, gain: Double) -> RosinalityName {
    RosinalityName(theirs: theirs, ours: "\(ours).resample_filter", form: .filter(gain: gain))
  }

  private static func noise(_ index: Int, _ ours: String) -> RosinalityName {
    RosinalityName(theirs: "noises.noise_\(index)", ours: "\(ours).noise_const", form: .image)
  }

  private static func modulated(_ theirs: String, _ ours: String) -> [RosinalityName] {
    linear("\(theirs).conv.modulation", "\(ours).affine")
      + [
        RosinalityName(theirs: "\(theirs).conv.weight", ours: "\(ours).weight", form: .leadingAxis)
      ]
  }

  private static func styled(_ theirs: String, _ ours: String) -> [RosinalityName] {
    modulated(theirs, ours) + [
      RosinalityName(
        theirs: "\(theirs).noise.weight", ours: "\(ours).noise_strength", form: .leadingAxis),
      RosinalityName(theirs: "\(theirs).activate.bias", ours: "\(ours).bias", form: .same),
    ]
  }

  private static func toRGB(_ theirs: String, _ ours: String) -> [RosinalityName] {
    modulated(theirs, ours)
      + [RosinalityName(theirs: "\(theirs).bias", ours: "\(ours).bias", form: .channels)]
  }
}

// MARK: - Discriminator

extension RosinalityName {
  /// All tensors of a discriminator.
  ///
  /// - Parameter resolution: The image's width and height, a power of two from 8 on.
  /// - Returns: A pair of names for each tensor that rosinality's discriminator has.
  static func discriminator(resolution: Int) -> [RosinalityName] {
    var names = convolution("convs.0", 0, "b\(resolution).fromrgb")
    for (index, r) in sizes(from: 8, to: resolution).reversed().enumerated() {
      let (block, residual) = ("b\(r)", "convs.\(index + 1)")
      // Where a layer halves the image, its filter is number 0 and moves the others up.
      names += convolution("\(residual).conv1", 0, "\(block).conv0")
      names += convolution("\(residual).conv2", 1, "\(block).conv1")
      names += [
        RosinalityName(
          theirs: "\(residual).skip.1.weight", ours: "\(block).skip.weight", form: .same),
        filter("\(residual).conv2.0.kernel", "\(block).conv1", gain: 1),
        filter("\(residual).skip.0.kernel", "\(block).skip", gain: 1),
      ]
    }
    return names + convolution("final_conv", 0, "b4.conv") + linear("final_linear.0", "b4.fc")
      + linear("final_linear.1", "b4.out")
  }

  private static func convolution(_ theirs: String, _ index: Int, _ ours: String)
    -> [RosinalityName]
  {
    [
      RosinalityName(theirs: "\(theirs).\(index).weight", ours: "\(ours).weight", form: .same),
      RosinalityName(theirs: "\(theirs).\(index + 1).bias", ours: "\(ours).bias", form: .same),
    ]
  }
}

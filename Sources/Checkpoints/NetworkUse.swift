// What networks are for, and the roles that they have in files.

public import Networks

/// What a network is for.
public enum NetworkUse: String, CaseIterable, Hashable, Sendable, Encodable {
  /// It draws pictures.
  case generator
  /// It judges pictures.
  case discriminator
  /// It finds the codes of pictures.
  case encoder
  /// It edits codes by reference.
  case editor
  /// It tells the attributes of codes.
  case classifier
  /// It tells the attributes of pictures.
  case attributes
  /// It tells how alike pictures are.
  case features
  /// It finds faces in pictures.
  case detector

  /// What the network of a configuration is for.
  public init(of configuration: any NetworkConfiguration) {
    switch configuration {
    case is any GeneratorConfiguration: self = .generator
    case is any DiscriminatorConfiguration: self = .discriminator
    case is any EncoderConfiguration: self = .encoder
    case is EditTransformerConfiguration: self = .editor
    case is LatentClassifierConfiguration: self = .classifier
    case is any PictureClassifierConfiguration: self = .attributes
    case is MTCNNConfiguration: self = .detector
    default: self = .features
    }
  }

  /// The roles that such networks have in files, the usual one first.
  public var roles: [String] {
    switch self {
    case .generator: ["G_ema", "G"]
    case .discriminator: ["D"]
    case .features: ["features", "distance"]
    case .encoder, .editor, .classifier, .attributes, .detector: [rawValue]
    }
  }

  /// Whether it is one of the two networks that are trained against each other.
  var makesOrJudgesPictures: Bool { self == .generator || self == .discriminator }

  /// The use of networks of a role; nil if no network has it.
  init?(role: String) {
    guard let use = Self.allCases.first(where: { $0.roles.contains(role) }) else { return nil }
    self = use
  }

  /// The network in words.
  package var phrase: String {
    switch self {
    case .generator: "a generator"
    case .discriminator: "a discriminator"
    case .encoder: "an encoder"
    case .editor: "a network that edits codes"
    case .classifier: "a classifier of codes"
    case .attributes: "a classifier of pictures"
    case .features: "a feature network"
    case .detector: "a detector of faces"
    }
  }
}

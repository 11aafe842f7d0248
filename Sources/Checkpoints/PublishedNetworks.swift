// The networks that their authors published: what each file should hold, and whose terms it has.

import Networks

/// A network that its authors published.
public struct PublishedNetwork: Hashable, Sendable, Encodable {
  /// Whether the file itself was ever opened with this program.
  public enum Evidence: String, Sendable, Encodable {
    /// Only small files in the same layout were.
    case layoutTested = "layout tested, original not opened"
    /// Someone ran `verify` on the original.
    case opened = "opened"
  }

  /// What the authors, or the program that they published, say about the networks; nil where they
  /// do not.
  public struct Facts: Hashable, Sendable, Encodable {
    /// The length of z.
    public var zDim: Int?
    /// The length of w.
    public var wDim: Int?
    /// The length of a label; 0 for none.
    public var labelDim: Int?
    /// Fully connected layers of the mapping network.
    public var mappingLayers: Int?
    /// What the features of a block follow from: twice the resolution, twice as few.
    public var channelBase: Int?
    /// The most features of a layer.
    public var channelMax: Int?
    /// The numbers that training optimises in a generator.
    public var generatorParameters: Int?
    /// The numbers that training optimises in the discriminator.
    public var discriminatorParameters: Int?
  }

  /// What people type: the file's name without its extension, with the repository where names
  /// repeat.
  public var name: String
  /// The file as it was published.
  public var file: String
  /// Which program's files it is one of.
  public var form: CheckpointForm
  /// Who published it, and where.
  public var source: String
  /// The terms of use.
  public var licence: String
  /// The kind of its generator.
  public var kind: String
  /// The width and height of its images, in pixels; bars above and below included.
  public var resolution: Int
  /// The rows that are meant to be seen, where there are bars.
  public var visibleRows: Range<Int>?
  /// What is known of its sizes.
  public var facts: Facts
  /// The networks in the file.
  public var roles: [String]
  /// Whether the file itself was ever opened.
  public var evidence: Evidence
}

extension PublishedNetwork {
  /// Every published network that Stylist knows of.
  public static let all: [PublishedNetwork] =
    styleGAN1 + styleGAN2TensorFlow + styleGAN2ADA + styleGAN3Repository + transferSources
    + rosinality + styleformer + styleSwin + styleNAT

  /// Finds a network by its name.
  ///
  /// - Parameter name: One of the names in `all`.
  /// - Returns: The network, or nil if there is none.
  public static func named(_ name: String) -> PublishedNetwork? { all.first { $0.name == name } }

  /// The rows that are meant to be seen of a published file's pictures, which nothing but its name
  /// tells.
  ///
  /// - Parameters:
  ///   - path: The file.
  ///   - resolution: The width and height of its pictures.
  /// - Returns: The rows; nil for all.
  static func visibleRows(inFile path: String, resolution: Int) -> Range<Int>? {
    let name = path.split(separator: "/").last.map(String.init)
    return all.first { $0.file == name && $0.resolution == resolution }?.visibleRows
  }
}

// MARK: - Facts

extension PublishedNetwork.Facts {
  /// Nothing known.
  public static let unknown = PublishedNetwork.Facts()

  /// StyleGAN's sizes.
  ///
  /// - Source: `networks_stylegan.py` of NVlabs/stylegan.
  fileprivate static let styleGAN1 = PublishedNetwork.Facts(
    zDim: 512, wDim: 512, mappingLayers: 8, channelBase: 8192, channelMax: 512)

  /// What every network of StyleGAN2 was published with.
  fileprivate static let styleGAN2 = PublishedNetwork.Facts(zDim: 512, wDim: 512)

  /// The sizes of a preset of the training program.
  fileprivate init(_ preset: StyleGAN2Preset) {
    let g = preset.generator()
    self.init(
      zDim: g.zDim, wDim: g.wDim, mappingLayers: g.mappingLayers, channelBase: g.channelBase,
      channelMax: g.channelMax)
  }

  /// What all presets of the training program for 512 pixels and more have in common.
  fileprivate static let largePresets = PublishedNetwork.Facts(
    zDim: 512, wDim: 512, channelBase: 32768, channelMax: 512)

  /// The same, with what is known of a network without labels.
  fileprivate func unlabelled(generator: Int, discriminator: Int? = nil) -> Self {
    var facts = self
    (facts.labelDim, facts.generatorParameters) = (0, generator)
    facts.discriminatorParameters = discriminator
    return facts
  }
}

// MARK: - The networks

extension PublishedNetwork {
  /// The parameters of configuration F at 1024×1024.
  private static let configurationF = (generator: 30_370_060, discriminator: 29_012_513)
  private static let everyRole = ["G", "D", "G_ema"]

  /// - Source: The list of networks of NVlabs/stylegan.
  private static let styleGAN1: [PublishedNetwork] = [
    ("ffhq", "1024x1024"), ("celebahq", "1024x1024"), ("bedrooms", "256x256"),
    ("cars", "512x384"), ("cats", "256x256"),
  ].map { subject, size in
    let name = "karras2019stylegan-\(subject)-\(size)"
    return PublishedNetwork(
      name: name, file: "\(name).pkl", form: .tensorFlowPickle, source: "NVlabs/stylegan",
      licence: "CC BY-NC 4.0", kind: StyleGAN1Configuration.kind, resolution: resolution(size),
      visibleRows: visibleRows(size),
      // The authors state 26.2 million.
      facts: subject == "ffhq"
        ? Facts.styleGAN1.unlabelled(generator: 26_219_627) : Facts.styleGAN1,
      roles: everyRole, evidence: .layoutTested)
  }

  /// - Source: The list of networks of NVlabs/stylegan2.
  private static let styleGAN2TensorFlow: [PublishedNetwork] = [
    ("ffhq", "1024x1024"), ("car", "512x384"), ("cat", "256x256"), ("church", "256x256"),
    ("horse", "256x256"),
  ].map { subject, size in
    let (name, facts) = ("stylegan2-\(subject)-config-f", Facts(.configF))
    return styleGAN2(
      name, "\(name).pkl", .tensorFlowPickle, "NVlabs/stylegan2", size,
      subject == "ffhq"
        ? facts.unlabelled(
          generator: configurationF.generator, discriminator: configurationF.discriminator)
        : facts)
  }

  /// - Source: The folder of pretrained networks of NVlabs/stylegan2-ada-pytorch.
  private static let styleGAN2ADA: [PublishedNetwork] = [
    ("ffhq", "1024x1024", Facts.largePresets), ("metfaces", "1024x1024", .largePresets),
    ("afhqcat", "512x512", .largePresets), ("afhqdog", "512x512", .largePresets),
    ("afhqwild", "512x512", .largePresets), ("cifar10", "32x32", Facts(.cifar)),
    ("brecahad", "512x512", .largePresets),
  ].map { subject, size, facts in
    styleGAN2("stylegan2-ada-\(subject)", "\(subject).pkl", .torchPickle, adaFolder, size, facts)
  }

  /// - Source: The networks of StyleGAN2 that NVlabs/stylegan3 lists.
  private static let styleGAN3Repository: [PublishedNetwork] = [
    "ffhq-1024x1024", "ffhq-512x512", "ffhq-256x256", "ffhqu-1024x1024", "ffhqu-256x256",
    "metfaces-1024x1024", "metfacesu-1024x1024", "afhqcat-512x512", "afhqdog-512x512",
    "afhqwild-512x512", "afhqv2-512x512", "brecahad-512x512", "celebahq-256x256",
    "cifar10-32x32", "lsundog-256x256",
  ].map { subject in
    let name = "stylegan2-\(subject)"
    let size = subject.split(separator: "-").last.map(String.init) ?? ""
    return styleGAN2(
      name, "\(name).pkl", .torchPickle, "NVlabs/stylegan3 (NGC)", size, .styleGAN2)
  }

  /// - Source: The networks that NVlabs/stylegan2-ada-pytorch starts transfer learning from; their
  ///   names tell the preset.
  private static let transferSources: [PublishedNetwork] = [
    ("ffhq-res256-mirror-paper256-noaug", 256, StyleGAN2Preset.paper256),
    ("ffhq-res512-mirror-stylegan2-noaug", 512, .stylegan2),
    ("ffhq-res1024-mirror-stylegan2-noaug", 1024, .stylegan2),
    ("celebahq-res256-mirror-paper256-kimg100000-ada-target0.5", 256, .paper256),
    ("lsundog-res256-paper256-kimg100000-noaug", 256, .paper256),
  ].map { name, size, preset in
    styleGAN2(
      name, "\(name).pkl", .torchPickle, "\(adaFolder)/transfer-learning-source-nets",
      "\(size)x\(size)", Facts(preset))
  }

  /// - Source: rosinality/stylegan2-pytorch.
  private static let rosinality: [PublishedNetwork] = [
    styleGAN2(
      "rosinality-ffhq-config-f", "stylegan2-ffhq-config-f.pt", .rosinality,
      "rosinality/stylegan2-pytorch", "1024x1024",
      Facts(.configF).unlabelled(generator: configurationF.generator), roles: ["G_ema"]),
    styleGAN2(
      "rosinality-550000", "550000.pt", .rosinality, "rosinality/stylegan2-pytorch", "256x256",
      .styleGAN2, roles: ["G_ema"], licence: "not stated"),
  ]

  /// The files have no names of their own in the README, whose links lead to Google Drive.
  ///
  /// - Source: Jeeseung-Park/Styleformer.
  private static let styleformer: [PublishedNetwork] = StyleformerPreset.allCases.map { preset in
    let (g, name) = (preset.generator(), "styleformer-\(preset.rawValue)")
    return PublishedNetwork(
      name: name, file: "\(name).pkl", form: .torchPickle,
      source: "Jeeseung-Park/Styleformer, links in its README; save them as NAME.pkl",
      licence: "MIT, built on NVIDIA's non-commercial code",
      kind: StyleformerConfiguration.kind, resolution: g.resolution,
      facts: Facts(
        zDim: g.zDim, wDim: g.wDim, labelDim: 0, mappingLayers: g.mappingLayers,
        generatorParameters: preset.parameterCount),
      roles: everyRole, evidence: .layoutTested)
  }

  /// - Source: microsoft/StyleSwin, which states a licence for the networks too.
  private static let styleSwin: [PublishedNetwork] = [
    ("FFHQ_256", 256), ("LSUNChurch_256", 256), ("CelebAHQ_256", 256), ("FFHQ_1024", 1024),
    ("CelebAHQ_1024", 1024),
  ].map { stem, resolution in
    let name = stem.lowercased().replacing("_", with: "-")
    return PublishedNetwork(
      name: "styleswin-\(name)", file: "\(stem).pt", form: .transformers,
      source: "microsoft/StyleSwin", licence: "MIT", kind: StyleSwinConfiguration.kind,
      resolution: resolution,
      facts: PublishedNetwork.Facts(
        zDim: 512, wDim: 512, labelDim: 0, mappingLayers: 8,
        generatorParameters: resolution == 256 ? 48_929_512 : 40_862_990),
      // Files for evaluation may hold the averaged generator alone.
      roles: ["G_ema"], evidence: .layoutTested)
  }

  /// - Source: The list of networks of SHI-Labs/StyleNAT; the licence is that of the code.
  private static let styleNAT: [PublishedNetwork] = [
    ("FFHQ256_940k_flip", 256, 48_921_000), ("FFHQ1024_700k", 1024, 49_452_934),
  ].map { stem, resolution, count in
    PublishedNetwork(
      name: "stylenat-ffhq-\(resolution)", file: "\(stem).pt", form: .transformers,
      source: "SHI-Labs/StyleNAT", licence: "MIT", kind: StyleNATConfiguration.kind,
      resolution: resolution,
      facts: PublishedNetwork.Facts(
        zDim: 512, wDim: 512, labelDim: 0, mappingLayers: 8, generatorParameters: count),
      roles: ["G_ema"], evidence: .layoutTested)
  }

  private static let adaFolder = "nvlabs-fi-cdn.nvidia.com/stylegan2-ada-pytorch/pretrained"
  private static let nvidiaLicence = "NVIDIA Source Code License, non-commercial"

  private static func styleGAN2(
    _ name: String, _ file: String, _ form: CheckpointForm, _ source: String, _ size: String,
    _ facts: Facts, roles: [String] = everyRole, licence: String = nvidiaLicence
  ) -> PublishedNetwork {
    PublishedNetwork(
      name: name, file: file, form: form, source: source, licence: licence,
      kind: StyleGAN2Configuration.kind, resolution: resolution(size),
      visibleRows: visibleRows(size), facts: facts, roles: roles, evidence: .layoutTested)
  }

  /// Networks are square; wider pictures have bars.
  private static func resolution(_ size: String) -> Int {
    size.split(separator: "x").first.flatMap { Int($0) } ?? 0
  }

  private static func visibleRows(_ size: String) -> Range<Int>? {
    size == "512x384" ? 64..<448 : nil
  }
}

extension StyleformerPreset {
  /// The numbers that training optimises, as they follow from the published lists of layers.
  fileprivate var parameterCount: Int {
    switch self {
    case .cifar10: 18_369_040
    case .stl10: 7_966_096
    case .celeba64l: 8_567_505
    case .lsun128l: 13_929_621
    }
  }
}

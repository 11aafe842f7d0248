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

  /// What people type: the file's name without its extension, with the repository where names
  /// repeat.
  public let name: String
  /// The file as it was published.
  public let file: String
  /// Who published it, and where.
  public let source: String
  /// The terms of use.
  public let licence: String
  /// The kind of its generator.
  public let kind: String
  /// The width and height of its images, in pixels; bars above and below included.
  public let resolution: Int
  /// The rows that are meant to be seen, where there are bars.
  public let visibleRows: Range<Int>?
  /// The parameters of its generator, where the authors state them.
  public let parameterCount: Int?
  /// The networks in the file.
  public let roles: [String]
  /// Whether the file itself was ever opened.
  public let evidence: Evidence
}

extension PublishedNetwork {
  /// Every published network that Stylist knows of.
  public static let all: [PublishedNetwork] =
    styleGAN1 + styleGAN2TensorFlow + styleGAN2ADA + styleGAN3Repository + transferSources
    + rosinality

  /// Finds a network by its name.
  ///
  /// - Parameter name: One of the names in `all`.
  /// - Returns: The network, or nil if there is none.
  public static func named(_ name: String) -> PublishedNetwork? { all.first { $0.name == name } }

  private static let everyRole = ["G", "D", "G_ema"]

  /// - Source: The list of networks of NVlabs/stylegan.
  private static let styleGAN1: [PublishedNetwork] = [
    ("ffhq", "1024x1024"), ("celebahq", "1024x1024"), ("bedrooms", "256x256"),
    ("cars", "512x384"), ("cats", "256x256"),
  ].map { subject, size in
    let name = "karras2019stylegan-\(subject)-\(size)"
    return PublishedNetwork(
      name: name, file: "\(name).pkl", source: "NVlabs/stylegan", licence: "CC BY-NC 4.0",
      kind: StyleGAN1Configuration.kind, resolution: resolution(size),
      visibleRows: visibleRows(size),
      // The authors state 26.2 million.
      parameterCount: subject == "ffhq" ? 26_219_627 : nil, roles: everyRole,
      evidence: .layoutTested)
  }

  /// - Source: The list of networks of NVlabs/stylegan2.
  private static let styleGAN2TensorFlow: [PublishedNetwork] = [
    ("ffhq", "1024x1024"), ("car", "512x384"), ("cat", "256x256"), ("church", "256x256"),
    ("horse", "256x256"),
  ].map { subject, size in
    let name = "stylegan2-\(subject)-config-f"
    return styleGAN2(
      name, "\(name).pkl", "NVlabs/stylegan2", size,
      parameterCount: subject == "ffhq" ? 30_370_060 : nil)
  }

  /// - Source: The folder of pretrained networks of NVlabs/stylegan2-ada-pytorch.
  private static let styleGAN2ADA: [PublishedNetwork] = [
    ("ffhq", "1024x1024"), ("metfaces", "1024x1024"), ("afhqcat", "512x512"),
    ("afhqdog", "512x512"), ("afhqwild", "512x512"), ("cifar10", "32x32"),
    ("brecahad", "512x512"),
  ].map { subject, size in
    styleGAN2("stylegan2-ada-\(subject)", "\(subject).pkl", adaFolder, size)
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
    return styleGAN2(name, "\(name).pkl", "NVlabs/stylegan3 (NGC)", size)
  }

  /// - Source: The networks that NVlabs/stylegan2-ada-pytorch starts transfer learning from.
  private static let transferSources: [PublishedNetwork] = [
    ("ffhq-res256-mirror-paper256-noaug", 256), ("ffhq-res512-mirror-stylegan2-noaug", 512),
    ("ffhq-res1024-mirror-stylegan2-noaug", 1024),
    ("celebahq-res256-mirror-paper256-kimg100000-ada-target0.5", 256),
    ("lsundog-res256-paper256-kimg100000-noaug", 256),
  ].map { name, size in
    styleGAN2(name, "\(name).pkl", "\(adaFolder)/transfer-learning-source-nets", "\(size)x\(size)")
  }

  /// - Source: rosinality/stylegan2-pytorch.
  private static let rosinality: [PublishedNetwork] = [
    ("rosinality-ffhq-config-f", "stylegan2-ffhq-config-f.pt", "1024x1024"),
    ("rosinality-550000", "550000.pt", "256x256"),
  ].map { name, file, size in
    styleGAN2(
      name, file, "rosinality/stylegan2-pytorch", size, roles: ["G_ema"],
      licence: name.hasSuffix("config-f") ? nvidiaLicence : "not stated")
  }

  private static let adaFolder = "nvlabs-fi-cdn.nvidia.com/stylegan2-ada-pytorch/pretrained"
  private static let nvidiaLicence = "NVIDIA Source Code License, non-commercial"

  private static func styleGAN2(
    _ name: String, _ file: String, _ source: String, _ size: String, parameterCount: Int? = nil,
    roles: [String] = everyRole, licence: String = nvidiaLicence
  ) -> PublishedNetwork {
    PublishedNetwork(
      name: name, file: file, source: source, licence: licence, kind: StyleGAN2Configuration.kind,
      resolution: resolution(size), visibleRows: visibleRows(size),
      parameterCount: parameterCount, roles: roles, evidence: .layoutTested)
  }

  /// Networks are square; wider pictures have bars.
  private static func resolution(_ size: String) -> Int {
    size.split(separator: "x").first.flatMap { Int($0) } ?? 0
  }

  private static func visibleRows(_ size: String) -> Range<Int>? {
    size == "512x384" ? 64..<448 : nil
  }
}

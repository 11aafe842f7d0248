// The metrics of generators by their published names, which say how many pictures are compared.

/// One metric of a generator, as its name describes it.
///
/// `fid50k_full` compares 50,000 generated pictures with all real ones, `fid10k_full` 10,000;
/// without `_full` as many real ones are taken as are generated. `fid-portraits` is `fid50k_full` with
/// features of our own for little portraits, `fid-portraits10k` the same with fewer pictures: numbers
/// that compare with one another alone. `ppl_wfull-portraits` and the like are path lengths with such
/// features, of whole pictures. `-mix2` behind a name of pictures says that each is mixed of two
/// latents (``LatentMixing``), and so for more.
public struct MetricRecipe: Hashable, Sendable, CustomStringConvertible {
  /// What is measured.
  public enum Kind: Hashable, Sendable {
    /// The Fréchet distance of Inception's features.
    case frechetDistance
    /// The kernel distance of Inception's features.
    case kernelDistance
    /// The Inception Score.
    case inceptionScore
    /// Precision and recall, with balls that reach the neighbour of this number.
    case precisionRecall(neighbour: Int)
    /// Perceptual path length.
    case pathLength(PerceptualPathLength)
    /// Linear separability.
    case separability
  }

  /// The most latents of a picture.
  public static let mostLatents = 9

  /// The name, such as `fid50k_full`.
  public let description: String
  /// What is measured.
  public let kind: Kind
  /// How many pictures, or paths, are generated.
  public var generated: Int
  /// The most real pictures that are taken; nil for all.
  public let realLimit: Int?
  /// Whether all real pictures are meant, as they are: not mirrored, whatever training saw.
  public let isFull: Bool
  /// How many latents each generated picture is mixed of; 1 for pictures as they are.
  public let latents: Int
  /// Whether features are those of the classifier of portraits that comes with the program, rather
  /// than of the network that published figures are made with.
  public var isOfPortraits: Bool { description.contains("-portraits") }

  /// Whether it is a path length or separability, whose names do not say how many paths or pictures
  /// are taken.
  public var takesSamples: Bool {
    switch kind {
    case .pathLength, .separability: true
    default: false
    }
  }

  /// Whether there have to be real pictures.
  public var needsData: Bool {
    switch kind {
    case .frechetDistance, .kernelDistance, .precisionRecall: true
    case .inceptionScore, .pathLength, .separability: false
    }
  }

  /// The fewest real pictures that can be compared with.
  public var fewestPictures: Int {
    switch kind {
    case .frechetDistance, .kernelDistance: 2
    case .precisionRecall(let neighbour): neighbour + 1
    case .inceptionScore, .pathLength, .separability: 0
    }
  }

  /// The names that published programs have, for lists and completions.
  public static let published = [
    "fid50k_full", "kid50k_full", "pr50k3_full", "is50k", "ppl2_wend", "ls", "ppl_zfull",
    "ppl_wfull", "ppl_zend", "ppl_wend", "fid50k", "kid50k", "pr50k3",
  ]

  /// What names can be, for people.
  public static let names =
    published.prefix(6).joined(separator: ", ") + " and the like, such as fid10k_full; "
    + portraits.joined(separator: ", ")

  /// Names of metrics that need no weights of others.
  public static let portraits =
    ["fid-portraits", "kid-portraits"]
    + ["zfull", "wfull", "zend", "wend"].map { "ppl_\($0)-portraits" }

  /// The metric of a name; nil if there is none.
  ///
  /// - Parameter name: Of `published`, or one with another number of thousands of pictures, such as
  ///   `fid10k_full`.
  public init?(_ name: String) {
    if let match = name.wholeMatch(of: /(.+)-mix([2-9])/) {
      guard let same = MetricRecipe(String(match.1)), !same.takesSamples, same.latents == 1
      else { return nil }
      self.init(same, name: name, latents: Int(match.2) ?? 1)
      return
    }
    if let match = name.wholeMatch(of: /(fid|kid)-portraits([1-9]\d{0,3}k(?:_full)?)?/) {
      guard let same = MetricRecipe("\(match.1)\(match.2 ?? "50k_full")") else { return nil }
      self.init(same, name: name)
      return
    }
    self.init(plain: name)
  }

  /// A metric of pictures as they are, by its published name.
  private init?(plain name: String) {
    (description, latents) = (name, 1)
    if let length = Self.pathLengths[name] {
      (kind, generated, realLimit, isFull) = (.pathLength(length), 50_000, nil, false)
      return
    }
    if name == "ls" {
      (kind, generated, realLimit, isFull) = (.separability, 200_000, nil, false)
      return
    }
    guard let match = name.wholeMatch(of: /(fid|kid|pr|is)([1-9]\d{0,3})k(\d?)(_full)?/),
      let thousands = Int(match.2)
    else { return nil }
    generated = thousands * 1000
    let neighbour = Int(match.3)
    isFull = match.4 != nil
    switch (match.1, neighbour) {
    case ("fid", nil): (kind, realLimit) = (.frechetDistance, isFull ? nil : generated)
    case ("kid", nil): (kind, realLimit) = (.kernelDistance, isFull ? 1_000_000 : generated)
    case ("pr", let k?) where k > 0:
      (kind, realLimit) = (.precisionRecall(neighbour: k), isFull ? 200_000 : generated)
    case ("is", nil) where !isFull: (kind, realLimit) = (.inceptionScore, 0)
    default: return nil
    }
  }

  /// The same under another name, of pictures that are perhaps mixed.
  private init(_ other: MetricRecipe, name: String, latents: Int = 1) {
    (description, self.latents) = (name, latents)
    (kind, generated) = (other.kind, other.generated)
    (realLimit, isFull) = (other.realLimit, other.isFull)
  }

  /// The Fréchet distance of any number of pictures, also of one that names cannot say.
  ///
  /// - Parameters:
  ///   - pictures: How many are generated; with Inception's features they are compared with all real
  ///     ones, with those of our own classifier of portraits with as many.
  ///   - isOfPortraits: Whether features are those of our own classifier.
  ///   - latents: How many latents each is mixed of, 1 to `mostLatents`.
  public init(distanceOf pictures: Int, isOfPortraits: Bool, latents: Int = 1) {
    precondition((1...Self.mostLatents).contains(latents), "\(latents) latents")
    let count = pictures % 1000 == 0 ? "\(pictures / 1000)k" : "\(pictures)"
    description =
      (isOfPortraits ? "fid-portraits\(count)" : "fid\(count)_full")
      + (latents > 1 ? "-mix\(latents)" : "")
    (kind, generated, self.latents) = (.frechetDistance, pictures, latents)
    (realLimit, isFull) = isOfPortraits ? (pictures, false) : (nil, true)
  }

  private static let pathLengths: [String: PerceptualPathLength] = [
    "ppl2_wend": PerceptualPathLength(space: .w, sampling: .end),
    "ppl_zfull": PerceptualPathLength(space: .z, sampling: .full, isCropped: true),
    "ppl_wfull": PerceptualPathLength(space: .w, sampling: .full, isCropped: true),
    "ppl_zend": PerceptualPathLength(space: .z, sampling: .end, isCropped: true),
    "ppl_wend": PerceptualPathLength(space: .w, sampling: .end, isCropped: true),
    "ppl_zfull-portraits": PerceptualPathLength(space: .z, sampling: .full),
    "ppl_wfull-portraits": PerceptualPathLength(space: .w, sampling: .full),
    "ppl_zend-portraits": PerceptualPathLength(space: .z, sampling: .end),
    "ppl_wend-portraits": PerceptualPathLength(space: .w, sampling: .end),
  ]
}

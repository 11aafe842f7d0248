// What a comparison of ways to edit found: numbers for each attribute, repetition and way.

/// What several ways to edit came to on the same codes.
public struct EditingComparison: Encodable, Sendable {
  /// What came of one strength.
  public struct Point: Encodable, Hashable, Sendable {
    /// How far codes were moved.
    public let strength: Double
    /// The share of the codes whose edited picture is as asked.
    public let success: Double
    /// The share of other attributes that edited pictures show as the unedited ones do.
    public let kept: Double

    package init(strength: Double, success: Double, kept: Double) {
      (self.strength, self.success, self.kept) = (strength, success, kept)
    }
  }

  /// What edits of one attribute came to at one strength, each the mean over the codes.
  public struct Figures: Encodable, Hashable, Sendable {
    /// The share of the codes whose edited picture is as asked.
    public var success: Double
    /// The share of other attributes that edited pictures show as the unedited ones do.
    public var kept: Double
    /// How much the logits of other attributes changed, either way, in deviations of each over the
    /// unedited pictures; nil if they do not vary.
    public var dependency: Double?
    /// How far the pictures are apart, as people see it; nil without weights.
    public var lpips: Double?
    /// The cosine of the features of faces, or of MoCo's; nil without weights.
    public var identity: Double?
    /// The same of little portraits, by a network that comes with the program; nil where it was not
    /// asked for.
    public var perceptualPortraits: Double?
    /// The cosine of the embeddings of little portraits; nil where it was not asked for.
    public var identityPortraits: Double?
    /// The length of the codes' change.
    public var change: Double
    /// How far codes were moved.
    public var strength: Double

    /// All figures by the names that tables have.
    var named: [(name: String, value: Double?)] {
      let judged: [(name: String, value: Double?)] = [
        ("lpips", lpips), ("identity", identity),
        (PortraitJudges.distanceName, perceptualPortraits),
        (PortraitJudges.identityName, identityPortraits),
      ]
      let first: [(name: String, value: Double?)] = [
        ("success", success), ("kept", kept), ("dependency", dependency),
      ]
      let last: [(name: String, value: Double?)] = [("change", change), ("strength", strength)]
      return first + judged + last
    }

    /// The figures of edits that change nothing.
    ///
    /// - Parameter judged: Figures of pictures, which say who judges.
    /// - Returns: What nobody judges is nil.
    static func unedited(_ judged: InversionFigures) -> Figures {
      Figures(
        success: 0, kept: 1, dependency: 0, lpips: judged.lpips.map { _ in 0 },
        identity: judged.identity.map { _ in 1 },
        perceptualPortraits: judged.perceptualPortraits.map { _ in 0 },
        identityPortraits: judged.identityPortraits.map { _ in 1 }, change: 0, strength: 0)
    }
  }

  /// What a repetition came to for one attribute.
  public struct Attribute: Encodable, Sendable {
    /// What was given and taken away.
    public let name: String
    /// How many codes were edited.
    public let codes: Int
    /// How many codes were left out, because no other picture is as they should become.
    public let leftOut: Int
    /// Whether some strength was enough.
    public let reached: Bool
    /// The figures at the matched strength; nil if no code was edited.
    public let figures: Figures?
    /// Every strength that was tried, in the order of trying.
    public let curve: [Point]
  }

  /// One repetition of a way.
  public struct Run: Encodable, Sendable {
    /// Its number, which says whose codes are edited.
    public let repetition: UInt32
    /// The file that edits; nil for unedited pictures.
    public let file: String?
    /// The hash of the network's numbers, or of a file of directions; nil for unedited pictures.
    public let fileHash: String?
    /// Every attribute.
    public let attributes: [Attribute]
    /// The Fréchet distance of the pictures of all attributes from data; nil if nobody measured.
    public let fid: Double?

    /// The mean of every figure over the attributes, and the distance by its name.
    func means(_ metric: String?) -> [(name: String, value: Double?)] {
      let all = attributes.compactMap { $0.figures?.named }
      let means = (all.first ?? []).indices.map { index -> (name: String, value: Double?) in
        let values = all.compactMap { $0[index].value }
        let isKnown = values.count == all.count
        return (all[0][index].name, isKnown ? values.reduce(0, +) / Double(values.count) : nil)
      }
      guard let metric else { return means }
      return means + [(metric, fid)]
    }
  }

  /// A way, and what it came to.
  public struct Method: Encodable, Sendable {
    /// What tables call it.
    public let name: String
    /// What moves codes: `label`, `direction` or `reference`; nil for unedited pictures.
    public let kind: String?
    /// The options that make it what it is.
    public let options: [String]
    /// Its repetitions.
    public let runs: [Run]
    /// The figures over the repetitions, each the mean over all attributes.
    public let numbers: [RepeatedNumber]
    /// The figures of each attribute over the repetitions.
    public let attributes: [String: [RepeatedNumber]]

    init(
      _ name: String, kind: String?, options: [String], _ runs: [Run], metric: String?
    ) {
      (self.name, self.kind, self.options, self.runs) = (name, kind, options, runs)
      numbers = Self.numbers(runs.map { $0.means(metric) })
      let names = runs.first?.attributes.map(\.name) ?? []
      attributes = Dictionary(
        names.enumerated().map { index, name in
          (name, Self.numbers(runs.map { $0.attributes[index].figures?.named ?? [] }))
        }, uniquingKeysWith: { first, _ in first })
    }

    /// The same numbers of several repetitions, of which some may have none.
    private static func numbers(
      _ repetitions: [[(name: String, value: Double?)]]
    ) -> [RepeatedNumber] {
      let names = repetitions.max { $0.count < $1.count }?.map(\.name) ?? []
      return names.map { name in
        RepeatedNumber(name, repetitions.map { all in all.first { $0.name == name }?.value })
      }.filter { $0.mean != nil }
    }

    /// A number by its name; nil if it was not measured.
    public subscript(name: String) -> RepeatedNumber? { numbers.first { $0.name == name } }

    /// Whether some strength was enough for an attribute, or for all of them, in all repetitions.
    func reaches(_ attribute: String? = nil) -> Bool {
      runs.allSatisfy { run in
        run.attributes.allSatisfy { found in
          found.reached || (attribute ?? found.name) != found.name || found.codes == 0
        }
      }
    }
  }

  /// The generator, as people name it.
  public let network: String
  /// The content hash of the generator's numbers.
  public let generator: String
  /// What was given and taken away.
  public let attributes: [String]
  /// How many codes each repetition edits.
  public let count: Int
  /// The numbers of the repetitions.
  public let repetitions: [UInt32]
  /// The codes, in words.
  public let codes: String
  /// The share of codes that was to be edited as asked.
  public let success: Double
  /// What unedited pictures come to; nil before they are measured.
  public internal(set) var unedited: Method?
  /// The ways, in the order in which they were asked for.
  public private(set) var methods: [Method] = []
  /// The Fréchet distance from data by its name, such as `fid-portraits200`; nil without one.
  public let metric: String?
  /// What the pictures are compared with, in words; nil for nothing.
  public let data: String?
  /// The networks that judged, by the names of what they measured.
  public let extractors: [String: InversionProtocol.Extractor]
  /// The content hashes of the classifiers of pictures, by name.
  public let classifiers: [String: String]
  /// What is questionable or left out, a line each.
  public internal(set) var remarks: [String]
  /// The name of the sheet; nil before it is drawn.
  public internal(set) var sheet: String?
  /// The files that were written.
  public internal(set) var files: [String] = []
  /// The command.
  public let command: String

  init(
    _ job: MetricsEditingJob, generator: String, attributes: [String], count: Int, codes: String,
    _ worker: EditingWorker, remarks: [String]
  ) {
    (network, self.generator, self.attributes) = (job.name, generator, attributes)
    (self.count, repetitions, self.codes) = (count, job.repetitions, codes)
    (success, command) = (job.success, job.command)
    let (judge, distance) = (worker.judge, worker.distance)
    let named: [(String, InversionProtocol.Extractor?)] = [
      ("lpips", judge.extractors.lpips), ("identity", judge.extractors.identity),
      (distance?.name ?? "", distance?.record),
    ]
    let known = named.compactMap { name, extractor in extractor.map { (name, $0) } }
    extractors = Dictionary(known) { first, _ in first }
      .merging(judge.portraitExtractors ?? [:]) { first, _ in first }
    classifiers = worker.witness.extractors
    metric = distance?.name
    data = distance.map { "\(counted($0.compared, "picture")) of \(job.data?.source ?? "")" }
    self.remarks = remarks + (distance?.remarks ?? [])
  }

  /// Adds what a way came to, and what is to be said about it.
  mutating func add(_ method: Method) {
    methods.append(method)
    for attribute in attributes {
      let all = method.runs.flatMap { run in
        run.attributes.filter { $0.name == attribute }.map { (run.repetition, $0) }
      }
      func numbers(_ isMeant: (Attribute) -> Bool) -> String? {
        let found = all.filter { isMeant($0.1) }.map { "\($0.0)" }
        return found.isEmpty ? nil : found.joined(separator: ", ")
      }
      if let found = numbers({ $0.codes > 0 && !$0.reached }) {
        remarks.append(
          "\(method.name), \(attribute), repetition \(found): no strength up to "
            + "\(plain(StrengthSearch.last)) reaches a success of \(plain(success)); the one with "
            + "the highest counts (*)")
      }
      if let found = numbers({ $0.leftOut > 0 }) {
        let most = all.map(\.1.leftOut).max() ?? 0
        remarks.append(
          "\(method.name), \(attribute), repetition \(found): \(counted(most, "code")) left out, "
            + "for no other picture is as theirs shall become")
      }
    }
  }
}

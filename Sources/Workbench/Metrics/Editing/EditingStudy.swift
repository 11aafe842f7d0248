// What is known of a comparison of ways to edit before any picture is drawn: all of it is checked.

import Datasets
import Formats
import Metrics
import Networks

/// Everything that is known before codes are edited.
struct EditingStudy {
  /// The attributes by their places among those that the classifiers tell.
  let attributes: [AttributeChoice]
  /// The classifiers of pictures.
  let classifiers: String
  /// How many codes each repetition edits.
  let count: Int
  /// The generator, as files know it.
  let request: EditRequest
  /// The distance from data; nil if it is not measured.
  let distance: DataDistance?
  /// The sheet, without pictures.
  let sheet: EditingSheet
  /// What is questionable or left out, a line each.
  let remarks: [String]
  /// The ways times their repetitions.
  let runs: Int
  /// How many repetitions there are.
  let repetitions: Int

  /// What the attributes are called.
  var names: [String] { attributes.map(\.name) }

  /// The pictures of one repetition of a way, at most.
  var picturesOfRun: Int { count * attributes.count * EditingWorker.passes }

  /// All pictures, at most.
  var pictures: Int { repetitions * count + runs * picturesOfRun }
}

extension MetricsEditingJob {
  /// How many codes a repetition may edit.
  private static let counts = 2...100_000

  /// Checks everything that can be known without drawing pictures.
  func study() throws -> EditingStudy {
    try checkMethods()
    guard success > 0, success <= 1 else {
      throw RequestError("--success", expected: "above 0, at most 1", found: plain(success))
    }
    let traits = try network.summary().traits
    guard traits.imgChannels == 3 else {
      throw RequestError(
        "--network", expected: "a generator of pictures in RGB",
        found: "one of \(traits.imgChannels) channels")
    }
    try traits.check(settings)
    try judges.check(traits)
    let count = try checkedCount()
    guard let classifiers else {
      throw RequestError(
        "--attributes", expected: FeatureNetworkFiles.publishedClassifiers, found: "no such option")
    }
    let attributes = try choices(classifiers, traits)
    let request = try EditRequest(
      subject(repetitions[0], count: count), of: network, takesOthers: takesOthers,
      provenance: Provenance(command: command, network: name))
    try request.subject.check(traits, network: name)
    var remarks = [try ownership(request)].compactMap(\.self)
    for method in methods {
      remarks += try method.check(attributes.map(\.name), request, for: traits)
    }
    let distance = distance(ofPictures: count * attributes.count)
    try distance?.check(traits)
    if distance == nil { remarks.append(missingDistance) }
    if !judges.portraits, let missing = judges.remark { remarks.append(missing) }
    let sheet = EditingSheet(
      of: self, request.subject, count: count, attributes: attributes.map(\.name))
    try sheet.check(traits)
    return EditingStudy(
      attributes: attributes, classifiers: classifiers, count: count, request: request,
      distance: distance, sheet: sheet, remarks: remarks,
      runs: methods.count * repetitions.count, repetitions: repetitions.count)
  }

  private func checkMethods() throws(RequestError) {
    let names = methods.map(\.name)
    guard (1...32).contains(names.count) else {
      throw RequestError("--method", expected: "1 to 32 ways", found: "\(names.count)")
    }
    for (index, name) in names.enumerated()
    where names[..<index].contains(name) || name == Self.uneditedName {
      throw RequestError(
        "--method", expected: "names that differ, also from \(Self.uneditedName)", found: name)
    }
  }

  /// How many codes each repetition edits.
  private func checkedCount() throws(RequestError) -> Int {
    guard !repetitions.isEmpty else {
      throw RequestError("--seeds", expected: "a repetition", found: "none")
    }
    let count = count ?? latents?.codes.count ?? 100
    guard Self.counts.contains(count) else {
      throw RequestError(
        count == self.count ? "--count" : "--latents",
        expected: "\(Self.counts.lowerBound) to \(grouped(Self.counts.upperBound)) codes",
        found: "\(count)")
    }
    if let latents {
      guard count <= latents.codes.count else {
        throw RequestError(
          "--count", expected: "at most the \(latents.codes.count) codes of \(latents.path)",
          found: "\(count)")
      }
      return count
    }
    // Seeds end at 4294967295.
    let last = (Int(UInt32.max) + 1) / count - 1
    guard let beyond = repetitions.first(where: { Int($0) > last }) else { return count }
    throw RequestError(
      "--seeds", expected: "repetitions from 0 to \(last), each of \(count) seeds",
      found: "\(beyond)")
  }

  /// The attributes by their places among those that classifiers of pictures tell.
  private func choices(
    _ classifiers: String, _ traits: GeneratorTraits
  ) throws -> [AttributeChoice] {
    let told = try AttributeWitness.names(classifiers, of: traits)
    guard told.count > 1 else {
      throw RequestError(
        "--attributes", expected: "a classifier of several attributes, to see what else changes",
        found: "one of \(told.joined())")
    }
    guard !attributes.isEmpty else {
      throw RequestError("--attribute", expected: "some of \(shortened(told))", found: "none")
    }
    var all: [AttributeChoice] = []
    for name in attributes {
      let choice = try AttributeChoice(name, of: told)
      guard !all.contains(choice) else {
        throw RequestError("--attribute", expected: "each name once", found: "\(name) again")
      }
      all.append(choice)
    }
    return all
  }

  /// What is questionable about codes of a file.
  private func ownership(_ request: EditRequest) throws(MisfitError) -> String? {
    try request.subject.remark(of: request.owner)
  }

  // MARK: The distance from data

  /// How pictures are compared with data; nil if there are none, or no weights.
  private func distance(ofPictures count: Int) -> DataDistance? {
    guard let data, networks.inception != nil || judges.portraits else { return nil }
    let metric = MetricRecipe(distanceOf: count, isOfPortraits: networks.inception == nil)
    return DataDistance(metric: metric, data: data, networks: networks, cache: cache)
  }

  /// Why pictures are not compared with data.
  private var missingDistance: String {
    data == nil
      ? "the table is without the distance from data (--data=FOLDER beside --inception=FILE)"
      : "the table is without the distance from data, which takes weights "
        + "(--inception=inception-2015-12-05.pt)"
  }
}

// Hosts of networks small enough for tests.

import Checkpoints
import Formats
import Foundation
import Layers
import Networks
import Tensors
import TestSupport
import Testing
import Workbench

/// The generators of the published cases, 16×16: one without labels, one with three classes.
let plainNetwork = NetworkSource.file(
  caseFile("checkpoint-stylegan2-ada-pkl/network-protocol4.pkl"))
let labelledNetwork = NetworkSource.file(
  caseFile("checkpoint-stylegan2-ada-pkl-cond/network-protocol4.pkl"))

/// The generator of a published case itself, without a host.
func generator(_ source: NetworkSource) throws -> any Generator {
  guard case .file(let path) = source else { preconditionFailure("\(source) is no file") }
  let network = try #require(try Checkpoint.open(path).preferredGenerator?.network)
  return try network.makeGenerator()
}

/// A host of a generator with other traits or tensors, written to a file first.
func host(
  _ change: (inout StyleGAN2Configuration) -> Void = { _ in },
  tensors: (ParameterStore) -> Void = { _ in }
) throws -> GeneratorHost {
  var configuration = StyleGAN2Configuration(resolution: 8)
  (configuration.zDim, configuration.wDim, configuration.mappingLayers) = (4, 4, 2)
  (configuration.channelBase, configuration.channelMax) = (32, 4)
  change(&configuration)
  let g = StyleGAN2(
    configuration, Scope(ParameterStore(), generator: TorchGenerator(seed: 1)))
  tensors(g.parameters)
  return try withScratchFolder { folder in
    let path = "\(folder)/network.safetensors"
    try writeNetworkFile(g.parameters, configuration: configuration, to: path)
    return try GeneratorHost(.file(path))
  }
}

/// Progress that nobody looks at.
let silently: ProgressHandler = { _ in }

/// A provenance that says only which seed.
func provenance(_ seed: UInt32?) -> Provenance {
  Provenance(command: "test", network: "tiny", seed: seed.map(String.init))
}

/// Expects a request to be refused in one line with these words.
func refuses(
  _ words: String, sourceLocation: SourceLocation = #_sourceLocation, _ body: () throws -> Void
) {
  let error = #expect(throws: RequestError.self, sourceLocation: sourceLocation) { try body() }
  #expect(
    error?.description.contains(words) == true, "\(error?.description ?? "")",
    sourceLocation: sourceLocation)
  #expect(error?.description.contains(where: \.isNewline) == false, sourceLocation: sourceLocation)
}

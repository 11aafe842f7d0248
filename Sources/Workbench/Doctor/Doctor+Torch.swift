// Whether libtorch is the one that this program was built for, and what it can do.

import Layers
import Tensors

/// What libtorch says about how it was built.
package struct TorchBuild {
  /// The version; nil where the description does not tell, as below.
  package let version: String?
  package let oneDNN: String?
  package let mkl: String?
  package let openMP: String?
  package let cuda: String?

  /// Reads libtorch's description of itself.
  package init(_ description: String) {
    func first(_ pattern: Regex<(Substring, Substring)>) -> String? {
      description.firstMatch(of: pattern).map { String($0.1) }
    }
    version = first(/TORCH_VERSION=([0-9][^,\s]*)/)
    oneDNN = first(/MKL-DNN v([0-9.]+)/)
    mkl = first(/Math Kernel Library Version ([0-9.]+)/)
    openMP = first(/OpenMP [0-9]+ \(a\.k\.a\. OpenMP ([0-9.]+)\)/)
    cuda = first(/CUDA Runtime ([0-9.]+)/)
  }
}

extension DoctorJob {
  func torchChecks() -> [DoctorReport.Check] {
    let build = TorchBuild(Machine.torchBuild)
    return [
      Self.versionCheck(builtFor: Machine.torchVersion, loaded: build.version),
      Machine.torchLibrary.map { .init("library", $0) }
        ?? .init("library", .note, "the system does not say where it was loaded from"),
      featureCheck(torch: Machine.featureLevel, own: kernelFeatureLevel),
      Self.part("oneDNN", build.oneDNN, without: "convolutions are slower"),
      Self.part("MKL", build.mkl, without: "products of matrices are slower"),
      Self.part("OpenMP", build.openMP, without: "every operator runs on one thread"),
      cudaCheck(build: build.cuda, isUsable: Machine.hasCUDA),
    ]
  }

  /// That the libtorch which was loaded is the one that the program was built for.
  package static func versionCheck(builtFor: String, loaded: String?) -> DoctorReport.Check {
    guard let loaded else {
      return .init("version", .note, "built for \(builtFor); the loaded one does not tell")
    }
    guard loaded == builtFor else {
      return .init(
        "version", .wrong, "\(loaded) is loaded, and this program was built for \(builtFor)",
        remedy: "make build")
    }
    return .init("version", "\(loaded), the one this program was built for")
  }

  private static func part(
    _ name: String, _ version: String?, without: String
  ) -> DoctorReport.Check {
    version.map { .init(name, $0) } ?? .init(name, .note, "not in this libtorch: \(without)")
  }

  /// That libtorch and our own operators use what the processor can do.
  package func featureCheck(torch: String, own: String) -> DoctorReport.Check {
    let found = "libtorch uses \(torch), our own operators use \(own)"
    if let name = environment["ATEN_CPU_CAPABILITY"] {
      return .init(
        "features", .note, "\(found); ATEN_CPU_CAPABILITY=\(name) is set and limits libtorch",
        remedy: "unset ATEN_CPU_CAPABILITY")
    }
    // A processor without AVX2 has nothing better; one with it should not run plain code.
    let isAsGood = own != "plain" || !torch.hasPrefix("AVX")
    return .init("features", isAsGood ? .ok : .note, found)
  }

  /// Whether there are CUDA devices, and whether this libtorch could use them.
  package func cudaCheck(build: String?, isUsable: Bool) -> DoctorReport.Check {
    let folder = "/proc/driver/nvidia/gpus"
    let devices = system.names(in: folder).map {
      system.value(of: "Model", in: "\(folder)/\($0)/information") ?? $0
    }
    let list = devices.joined(separator: ", ")
    switch (build, devices.isEmpty) {
    case (nil, true): return .init("CUDA", "no device; everything runs on the processor")
    case (nil, false):
      return .init(
        "CUDA", .note, "\(list); this libtorch is built without CUDA and runs on the processor",
        remedy: "LIBTORCH=/path/to/libtorch-with-cuda make build")
    case (let version?, _):
      guard isUsable else {
        return .init(
          "CUDA", .note, "\(version) is in this libtorch, which finds no device that it can use")
      }
      return .init(
        "CUDA", .note,
        "\(version), \(list.isEmpty ? "a device" : list); commands run on the processor for now")
    }
  }
}

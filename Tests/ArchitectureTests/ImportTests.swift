// Data flows one way: every folder of `Sources` imports only what the design allows it.

import Testing

/// What each folder may import beside the system's own modules; a folder that is not here may not
/// exist.
private let allowed: [String: Set<String>] = [
  // The C doors.
  "CLibTorch": [], "CTorch": ["CLibTorch"], "CKernels": ["CLibTorch"],
  "CLibArchive": [], "CLibJPEG": [], "CLibPNG": [], "CLibWebP": [], "CLibWebPDemux": [],
  "CLibZ": [], "CWaiting": [],
  "CMedia": ["CLibArchive", "CLibJPEG", "CLibPNG", "CLibWebP", "CLibWebPDemux", "CLibZ"],

  // Files, in host memory only.
  "Formats": ["CMedia", "OrderedCollections", "SystemPackage"],
  "Datasets": ["Formats", "OrderedCollections", "SystemPackage"],
  "Fetching": [
    "Formats", "SystemPackage", "Crypto", "AsyncHTTPClient", "NIOCore", "NIOHTTP1", "NIOPosix",
  ],

  // Tensors and networks; networks know no files and no data sets.
  "Tensors": ["CTorch"],
  "Layers": ["Tensors", "CKernels", "OrderedCollections"],
  "Networks": ["Layers", "Tensors", "OrderedCollections"],
  "Checkpoints": [
    "Formats", "Tensors", "Layers", "Networks", "OrderedCollections", "SystemPackage", "Crypto",
  ],

  // Four that do not know each other.
  "TensorBoardEvents": ["SwiftProtobuf", "FoundationEssentials"],
  "Training": jobs.union(["TensorBoardEvents"]), "Inversion": jobs, "Editing": jobs,
  "Metrics": jobs,

  // What people see.
  "Workbench": jobs.union(["Training", "Inversion", "Editing", "Metrics", "Crypto", "Subprocess"]),
  "stylist": [
    "Workbench", "Fetching", "ArgumentParser", "Logging", "UnixSignals", "ServiceLifecycle",
  ],
  "Studio": [
    "Workbench", "ArgumentParser", "Hummingbird", "Mustache", "Logging", "ServiceLifecycle",
  ],
  "ParityCases": jobs.union(["Training", "Inversion", "Editing", "Metrics"]),
  "parity": ["ParityCases", "Formats", "ArgumentParser"],
]

/// What the four jobs may import: everything below them.
private let jobs: Set<String> = [
  "Datasets", "Formats", "Tensors", "Layers", "Checkpoints", "Networks", "OrderedCollections",
  "SystemPackage", "Logging",
]

/// Modules that come with Swift and the system.
private let system: Set<String> = ["Foundation", "Synchronization", "Glibc", "Darwin"]

/// The two folders that may include libtorch's headers.
private let torchDoors: Set<String> = ["CTorch", "CKernels", "CLibTorch"]

@Suite("Layout") struct ImportTests {
  @Test("every folder of Sources imports only what the table allows")
  func imports() throws {
    let files = try SourceFile.all(in: ["Sources"], ["swift"])
    #expect(files.count > 30)
    for file in files {
      let table = try #require(allowed[file.folder], "\(file.folder) is not in the table")
      let others = Set(file.imports).subtracting(table).subtracting(system)
      #expect(others.isEmpty, "\(file) imports \(others.sorted())")
    }
  }

  @Test("the table has no circles and does not let the four jobs meet")
  func table() {
    var finished: Set<String> = []
    func visit(_ name: String, from path: [String]) {
      #expect(!path.contains(name), "\(path + [name])")
      guard !path.contains(name), finished.insert(name).inserted else { return }
      for next in allowed[name] ?? [] { visit(next, from: path + [name]) }
    }
    for name in allowed.keys { visit(name, from: []) }
    let four: Set = ["Training", "Inversion", "Editing", "Metrics"]
    for job in four { #expect(allowed[job]?.isDisjoint(with: four) == true) }
    #expect(allowed["Networks"]?.isDisjoint(with: ["Checkpoints", "Datasets", "Formats"]) == true)
    #expect(allowed["Studio"]?.contains("Tensors") == false)
  }

  @Test("only the doors include libtorch's headers")
  func headers() throws {
    for file in try SourceFile.all(in: ["Sources"], ["h", "c", "cpp", "cc", "cu", "hpp"]) {
      guard !torchDoors.contains(file.folder) else { continue }
      let torch = file.lines.filter { $0.contains(/#include\s*<(torch|ATen|c10)\//) }
      #expect(torch.isEmpty, "\(file): \(torch)")
    }
  }

  @Test("reads import lines of every form")
  func importForms() {
    let file = SourceFile(
      path: "Sources/A/a.swift",
      lines: [
        "import A", "public import B", "  package import struct C.D", "@testable import E",
        "@preconcurrency internal import F // why", "// import G", "let important = 1",
      ])
    #expect(file.imports == ["A", "B", "C", "E", "F"])
  }
}

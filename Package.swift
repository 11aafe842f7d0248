// swift-tools-version: 6.2
// Stylist's targets in one table, and the Swift settings that all of them share.

import PackageDescription

/// One list of Swift settings for every Swift target.
let swiftSettings: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .treatAllWarnings(as: .error),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InternalImportsByDefault"),
]

/// A Swift library in `Sources/NAME`.
func library(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: swiftSettings)
}

/// A program in `Sources/NAME`.
func program(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .executableTarget(name: name, dependencies: dependencies, swiftSettings: swiftSettings)
}

/// The tests of one target, in `Tests/NAMETests`.
func tests(
  _ name: String, _ dependencies: [Target.Dependency], exclude: [String] = [],
  resources: [Resource]? = nil
) -> Target {
  .testTarget(
    name: "\(name)Tests", dependencies: dependencies, exclude: exclude, resources: resources,
    swiftSettings: swiftSettings)
}

/// What libtorch was built with: without it, some of its classes have other members.
let torchSettings: [CXXSetting] = [.define("NDEBUG")]

let argumentParser = Target.Dependency.product(
  name: "ArgumentParser", package: "swift-argument-parser")
let collections = Target.Dependency.product(
  name: "OrderedCollections", package: "swift-collections")
let asyncHTTPClient = Target.Dependency.product(
  name: "AsyncHTTPClient", package: "async-http-client")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let nio: [Target.Dependency] = [
  .product(name: "NIOCore", package: "swift-nio"),
  .product(name: "NIOHTTP1", package: "swift-nio"),
  .product(name: "NIOPosix", package: "swift-nio"),
]
let protobuf = Target.Dependency.product(name: "SwiftProtobuf", package: "swift-protobuf")
let signals = Target.Dependency.product(name: "UnixSignals", package: "swift-service-lifecycle")
let subprocess = Target.Dependency.product(name: "Subprocess", package: "swift-subprocess")
let systemPackage = Target.Dependency.product(name: "SystemPackage", package: "swift-system")

let package = Package(
  name: "Stylist",
  platforms: [.macOS(.v15)],
  products: [
    .library(
      name: "StylistKit",
      targets: [
        "Formats", "Datasets", "Tensors", "Layers", "Networks", "Checkpoints", "Training",
        "Inversion", "Editing", "Metrics", "Workbench",
      ]),
    .library(name: "Formats", targets: ["Formats"]),
    .library(name: "CTorch", targets: ["CTorch"]),
    .library(name: "Networks", targets: ["Tensors", "Layers", "Networks"]),
    .executable(name: "stylist", targets: ["stylist"]),
    .executable(name: "parity", targets: ["parity"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
    .package(url: "https://github.com/apple/swift-collections", exact: "1.6.0"),
    .package(url: "https://github.com/apple/swift-crypto", exact: "4.5.2"),
    .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
    .package(url: "https://github.com/apple/swift-protobuf", exact: "1.39.0"),
    .package(url: "https://github.com/apple/swift-system", exact: "1.8.1"),
    .package(url: "https://github.com/swift-server/async-http-client", exact: "1.37.0"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", exact: "2.13.0"),
    .package(url: "https://github.com/swiftlang/swift-docc-plugin", exact: "1.5.0"),
    .package(url: "https://github.com/swiftlang/swift-subprocess", exact: "1.0.2"),
  ],
  targets: [
    // The C doors.
    .systemLibrary(name: "CLibTorch", pkgConfig: "stylist-torch"),
    .target(name: "CTorch", dependencies: ["CLibTorch"], cxxSettings: torchSettings),
    .target(name: "CKernels", dependencies: ["CLibTorch"], cxxSettings: torchSettings),
    .systemLibrary(
      name: "CLibJPEG", pkgConfig: "libjpeg",
      providers: [.apt(["libjpeg-dev"]), .brew(["jpeg-turbo"])]),
    .systemLibrary(
      name: "CLibPNG", pkgConfig: "libpng",
      providers: [.apt(["libpng-dev"]), .brew(["libpng"])]),
    .systemLibrary(
      name: "CLibWebP", pkgConfig: "libwebpmux",
      providers: [.apt(["libwebp-dev"]), .brew(["webp"])]),
    .systemLibrary(
      name: "CLibWebPDemux", pkgConfig: "libwebpdemux",
      providers: [.apt(["libwebp-dev"]), .brew(["webp"])]),
    .systemLibrary(
      name: "CLibZ", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"]), .brew(["zlib"])]),
    .systemLibrary(
      name: "CLibArchive", pkgConfig: "libarchive",
      providers: [.apt(["libarchive-dev"]), .brew(["libarchive"])]),
    .target(
      name: "CMedia",
      dependencies: [
        "CLibArchive", "CLibJPEG", "CLibPNG", "CLibWebP", "CLibWebPDemux", "CLibZ",
      ]),

    // The libraries, each importing only what stands above it.
    library("Formats", ["CMedia", systemPackage]),
    library("Datasets", ["Formats", systemPackage]),
    library("Fetching", ["Formats", systemPackage, crypto, asyncHTTPClient] + nio),
    library("Tensors", ["CTorch"]),
    library("Layers", ["Tensors", "CKernels", collections]),
    library("Networks", ["Layers", "Tensors"]),
    library("Checkpoints", ["Formats", "Tensors", "Layers", "Networks", collections, crypto]),
    .target(
      name: "TensorBoardEvents", dependencies: [protobuf], exclude: ["event.proto"],
      swiftSettings: swiftSettings),
    library(
      "Training",
      [
        "Formats", "Datasets", "Tensors", "Layers", "Networks", "Checkpoints", "TensorBoardEvents",
        collections, systemPackage,
      ]),
    library("Inversion", ["Tensors", "Layers", "Networks"]),
    library(
      "Editing",
      ["Formats", "Tensors", "Layers", "Networks", "Checkpoints", collections]),
    library("Metrics", ["Tensors", "Networks"]),
    library(
      "Workbench",
      [
        "Formats", "Datasets", "Tensors", "Layers", "Networks", "Checkpoints", "Training",
        "Inversion", "Editing", "Metrics", collections, crypto, subprocess, systemPackage,
      ]),
    library(
      "ParityCases",
      [
        "Formats", "Tensors", "Layers", "Networks", "Checkpoints", "Training", "Inversion",
        "Editing", "Metrics", collections,
      ]),

    // The programs.
    .target(name: "CWaiting"),
    program("stylist", ["Workbench", "Fetching", "CWaiting", argumentParser, signals]),
    program("parity", ["ParityCases", "Formats", "CWaiting", argumentParser]),

    // Tests, fast layers first.
    .target(
      name: "TestSupport",
      dependencies: ["Formats", "Tensors", "Layers", "Networks", "Checkpoints"],
      path: "Tests/Support",
      swiftSettings: swiftSettings),
    .target(
      name: "ThrowingOperators", dependencies: ["CLibTorch"], path: "Tests/ThrowingOperators"),
    .target(
      name: "CalledOperators", dependencies: ["CLibTorch"], path: "Tests/CalledOperators",
      cxxSettings: torchSettings),
    .executableTarget(name: "Bounded", path: "Tests/Bounded"),
    tests("Architecture", ["TestSupport"]),
    tests("Formats", ["Formats", "TestSupport"], exclude: ["Fixtures"]),
    tests("Datasets", ["Datasets", "Formats", "TestSupport", crypto], exclude: ["Fixtures"]),
    tests("Fetching", ["Fetching", "Formats", "TestSupport"]),
    tests("Tensors", ["Tensors", "TestSupport", "ThrowingOperators"]),
    tests("Layers", ["Layers", "Tensors", "TestSupport", collections]),
    tests(
      "Networks", ["Networks", "Layers", "Tensors", "TestSupport", collections],
      exclude: ["Snapshots"]),
    tests(
      "Checkpoints",
      ["Checkpoints", "Formats", "Layers", "Networks", "Tensors", "TestSupport", collections]),
    tests(
      "Training",
      [
        "Training", "Checkpoints", "Datasets", "Formats", "Networks", "Layers", "Tensors",
        "TensorBoardEvents", "TestSupport", collections, protobuf,
      ]),
    tests(
      "Inversion", ["Inversion", "Networks", "Layers", "Tensors", "TestSupport", collections]),
    tests(
      "Editing",
      [
        "Editing", "Checkpoints", "Formats", "Networks", "Layers", "Tensors", "TestSupport",
        collections,
      ]),
    tests("Metrics", ["Metrics", "Networks", "Layers", "Tensors", "TestSupport"]),
    tests(
      "Workbench",
      [
        "Workbench", "CalledOperators", "Checkpoints", "Datasets", "Formats", "Layers", "Networks",
        "Tensors", "TestSupport", "Training", collections,
      ]),
    tests(
      "Stylist",
      [
        "stylist", "Bounded", "Checkpoints", "Datasets", "Formats", "Networks", "Layers", "Metrics",
        "Tensors", "TestSupport", "Training", collections, subprocess, systemPackage,
      ],
      exclude: ["ShortenedCommands.txt"], resources: [.copy("Snapshots")]),
    tests("Parity", ["ParityCases", "Formats", "Tensors"], exclude: ["Cases"]),
  ],
  cxxLanguageStandard: .cxx20
)

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
func tests(_ name: String, _ dependencies: [Target.Dependency], resources: [Resource]? = nil)
  -> Target
{
  .testTarget(
    name: "\(name)Tests", dependencies: dependencies, resources: resources,
    swiftSettings: swiftSettings)
}

let argumentParser = Target.Dependency.product(
  name: "ArgumentParser", package: "swift-argument-parser")
let collections = Target.Dependency.product(
  name: "OrderedCollections", package: "swift-collections")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let systemPackage = Target.Dependency.product(name: "SystemPackage", package: "swift-system")

let package = Package(
  name: "Stylist",
  platforms: [.macOS(.v15)],
  products: [
    .library(
      name: "StylistKit",
      targets: ["Tensors", "Layers", "Networks"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
    .package(url: "https://github.com/apple/swift-collections", exact: "1.6.0"),
    .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
    .package(url: "https://github.com/apple/swift-system", exact: "1.8.1"),
    .package(url: "https://github.com/swiftlang/swift-docc-plugin", exact: "1.5.0"),
  ],
  targets: [
    // The C doors.
    .systemLibrary(name: "CLibTorch", pkgConfig: "stylist-torch"),
    .target(name: "CTorch", dependencies: ["CLibTorch"]),
    .target(name: "CKernels", dependencies: ["CLibTorch"]),
    .systemLibrary(
      name: "CLibPNG", pkgConfig: "libpng",
      providers: [.apt(["libpng-dev"]), .brew(["libpng"])]),
    .systemLibrary(
      name: "CLibWebP", pkgConfig: "libwebpmux",
      providers: [.apt(["libwebp-dev"]), .brew(["webp"])]),
    .target(name: "CMedia", dependencies: ["CLibPNG", "CLibWebP"]),

    // The libraries, each importing only what stands above it.
    library("Formats", ["CMedia", collections, systemPackage]),
    library("Tensors", ["CTorch"]),
    library("Layers", ["Tensors", "CKernels", collections]),
    library("Networks", ["Layers", "Tensors"]),

    // Tests, fast layers first.
    .target(
      name: "TestSupport", dependencies: ["Tensors"], path: "Tests/Support",
      swiftSettings: swiftSettings),
    .target(
      name: "ThrowingOperators", dependencies: ["CLibTorch"], path: "Tests/ThrowingOperators"),
    tests("Formats", ["Formats"]),
    tests("Tensors", ["Tensors", "TestSupport", "ThrowingOperators"]),
    tests("Layers", ["Layers", "Tensors", "TestSupport", collections]),
    tests(
      "Networks", ["Networks", "Layers", "Tensors", "TestSupport", collections],
      resources: [.copy("Snapshots")]),
  ],
  cxxLanguageStandard: .cxx20
)

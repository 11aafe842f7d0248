// swift-tools-version: 6.2
// Fuzzing of the file readers in a package of its own, because all of it is built with coverage
// and sanitizers: `make fuzz`.

import PackageDescription

let package = Package(
  name: "Fuzzing",
  platforms: [.macOS(.v15)],
  dependencies: [.package(name: "stylist", path: "..")],
  targets: [
    .systemLibrary(name: "CFuzzer", path: "CFuzzer"),
    .executableTarget(
      name: "Fuzz",
      dependencies: ["CFuzzer", .product(name: "Formats", package: "stylist")],
      path: "Fuzz"),
  ]
)

// swift-tools-version: 6.2
// A package of its own that depends on Stylist, as yours would. It needs PKG_CONFIG_PATH and an
// rpath: see `make example`.

import PackageDescription

let package = Package(
  name: "Examples",
  platforms: [.macOS(.v15)],
  dependencies: [.package(name: "stylist", path: "..")],
  targets: [
    .executableTarget(
      name: "GenerateImage",
      dependencies: [.product(name: "StylistKit", package: "stylist")],
      path: ".", sources: ["GenerateImage.swift"])
  ]
)

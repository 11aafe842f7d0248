// swift-tools-version: 6.2
// Benchmarks in a package of their own, so that users of the library do not fetch the harness:
// `make bench-operators`.

import PackageDescription

let package = Package(
  name: "Benchmarks",
  platforms: [.macOS(.v15)],
  dependencies: [
    .package(name: "stylist", path: ".."),
    .package(url: "https://github.com/ordo-one/benchmark", exact: "1.38.1", traits: []),
  ],
  targets: [
    .executableTarget(
      name: "StylistBenchmarks",
      dependencies: [
        .product(name: "Networks", package: "stylist"),
        .product(name: "CTorch", package: "stylist"),
        .product(name: "Benchmark", package: "benchmark"),
      ],
      path: "Benchmarks/StylistBenchmarks",
      plugins: [.plugin(name: "BenchmarkPlugin", package: "benchmark")])
  ]
)

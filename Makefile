# The commands of the project. `make demo` and `make test` are all that a newcomer needs.

SHELL := /bin/bash
CONFIGURATION ?= release
export PKG_CONFIG_PATH := $(CURDIR)/.deps/pkgconfig:$(PKG_CONFIG_PATH)

# The folder of libtorch that setup found; read late, after setup ran.
TORCH_LIB = $$(pkg-config --variable=prefix stylist-torch)/lib
LINK_FLAGS = -Xlinker -rpath -Xlinker $(TORCH_LIB) -Xlinker --no-as-needed
SWIFT_FLAGS = -c $(CONFIGURATION) --explicit-target-dependency-import-check error $(LINK_FLAGS)
SWIFT_SOURCES = Package.swift Sources Tests Examples Benchmarks

.PHONY: setup build demo test bench format lint docs example clean

## setup: system libraries, libtorch in .deps/, the pkg-config file
setup:
	@Scripts/setup.sh

## build: all programs, release, into .build/release
build: setup
	swift build $(SWIFT_FLAGS)

## test: every test, fast layers first, and the example package
test: setup
	swift test $(SWIFT_FLAGS) --parallel

clean:
	rm -rf .build

# The commands of the project. `make demo` and `make test` are all that a newcomer needs; `make help` lists the others.

SHELL := /bin/bash
CONFIGURATION ?= release
export PKG_CONFIG_PATH := $(CURDIR)/.deps/pkgconfig:$(PKG_CONFIG_PATH)

# The library folder of the libtorch that setup found; asked for by each recipe, after setup has run.
TORCH_LIB = $$(pkg-config --variable=prefix stylist-torch)/lib
LINK_FLAGS = -Xlinker -rpath -Xlinker $(TORCH_LIB) -Xlinker --no-as-needed
SWIFT_FLAGS = -c $(CONFIGURATION) --explicit-target-dependency-import-check error $(LINK_FLAGS)
SWIFT_SOURCES = Package.swift Sources Tests Examples/Package.swift Examples/GenerateImage.swift \
  Benchmarks/Package.swift Benchmarks/Benchmarks Fuzzing/Package.swift Fuzzing/Fuzz
LIBRARIES = Formats Datasets Tensors Layers Networks Checkpoints Training Inversion Editing Metrics Workbench

.PHONY: help setup build demo test test-processors example bench bench-operators fuzz protobuf lint format docs inversion-study editing-study pictures clean

## demo: build everything and make pictures to look at, in demo/
demo: build
	@Scripts/demo.sh

## test: every test, fast layers first, and the example package
test: build
	swift build --build-tests $(SWIFT_FLAGS)
	@Scripts/test.sh $(SWIFT_FLAGS)
	@$(MAKE) --no-print-directory example

## test-processors: the kernels' tests on emulated processors without AVX-512, and without AVX2, some minutes
# Needs qemu-x86_64 (Debian: qemu-user).
test-processors: build
	swift build --build-tests $(SWIFT_FLAGS)
	@Scripts/test-processors.sh

## setup: system libraries, libtorch in .deps/, the pkg-config file
setup:
	@Scripts/setup.sh

## build: all programs, into .build/release
build: setup
	swift build $(SWIFT_FLAGS)

## example: a package of its own that depends on Stylist, built and run
# A nested package is planned anew only if its manifest is newer than the plan, or new files are missed.
example: setup
	@touch Examples/Package.swift
	swift build --package-path Examples --scratch-path .build/examples -c release $(LINK_FLAGS)
	.build/examples/release/GenerateImage \
	  Tests/ParityTests/Cases/checkpoint-stylegan2-ada-pkl/network-protocol4.pkl .build/examples/picture.png

## bench: how fast every named network is on this machine, and in how much memory
bench: build
	@Scripts/bench.sh

## bench-operators: how long single calls and operators take: make bench-operators BENCH_FLAGS="--filter 'linear.*'"
bench-operators: setup
	@touch Benchmarks/Package.swift
	LD_LIBRARY_PATH=$(TORCH_LIB) swift package --package-path Benchmarks --scratch-path .build/benchmarks \
	  --disable-sandbox benchmark $(BENCH_FLAGS)

## fuzz: look for files that break a reader: make fuzz READER=pickle SECONDS=3600
# Swift takes one -sanitize option, the last, so it must name both. Swift's own report of a crash is
# off because its program waits for libFuzzer, which waits for it.
READER ?= pickle
SECONDS ?= 60
FUZZ = .build/fuzzing
fuzz: setup
	@touch Fuzzing/Package.swift
	swift build --package-path Fuzzing --scratch-path $(FUZZ) -c release --sanitize=fuzzer \
	  -Xswiftc -sanitize=address,fuzzer -Xcc -fsanitize=address,undefined \
	  -Xcc -fno-sanitize-recover=undefined
	@mkdir -p $(FUZZ)/corpus/$(READER) $(FUZZ)/crashes/$(READER)
	READER=$(READER) SWIFT_BACKTRACE=enable=no ASAN_OPTIONS=quarantine_size_mb=16 \
	  $(FUZZ)/release/Fuzz $(FUZZ)/corpus/$(READER) Fuzzing/Seeds/$(READER) \
	  -dict=Fuzzing/Dictionaries/$(READER).dict -artifact_prefix=$(FUZZ)/crashes/$(READER)/ \
	  -max_total_time=$(SECONDS) -max_len=16384 -timeout=10 -rss_limit_mb=1024 \
	  -malloc_limit_mb=256 -print_final_stats=1 $(FUZZ_FLAGS)

## protobuf: make event.pb.swift again after a change of event.proto
# Needs protoc (Debian: protobuf-compiler). The plugin is built from the package at the version that Package.swift names.
PROTOBUF = .build/checkouts/swift-protobuf
protobuf: setup
	swift package resolve
	swift build --package-path $(PROTOBUF) --scratch-path .build/protobuf --product protoc-gen-swift
	protoc --plugin=protoc-gen-swift=.build/protobuf/debug/protoc-gen-swift --proto_path=Sources/TensorBoardEvents \
	  --swift_opt=Visibility=Public --swift_opt=UseAccessLevelOnImports=true --swift_out=Sources/TensorBoardEvents event.proto

## lint: what the style asks of every source file
lint:
	swift format lint --strict --parallel --recursive $(SWIFT_SOURCES)
	bash -n Scripts/*.sh .ci/run

## format: write every Swift file in the house style
format:
	swift format --in-place --parallel --recursive $(SWIFT_SOURCES)

## docs: the documentation of all libraries, into .build/docs; serve that folder to read it
docs: setup
	rm -rf .build/docs
	swift package --allow-writing-to-directory .build generate-documentation \
	  --enable-experimental-combined-documentation $(addprefix --target ,$(LIBRARIES)) \
	  --output-path .build/docs --transform-for-static-hosting --warnings-as-errors

## inversion-study: train encoders and compare all ways to invert, over three seeds; some hours, and it goes on where it was
inversion-study: build
	@Scripts/inversion-study.sh

## editing-study: train what edits and compare all ways to edit, over three seeds; some hours, and it goes on where it was
editing-study: build
	@Scripts/editing-study.sh

## pictures: make the pictures of README and documentation again
pictures: build
	@Scripts/pictures.sh

## clean: remove everything that was built, but not libtorch
clean:
	rm -rf .build

help:
	@sed -n 's/^## //p' $(MAKEFILE_LIST)

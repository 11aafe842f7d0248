// Holds nothing: this target only carries the compiler and linker flags of libjpeg-turbo.

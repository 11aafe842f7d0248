// The versions of all libraries: of those that this was built for, and of those that are loaded.
#include <archive.h>
#include <stdio.h>
#include <jpeglib.h>
#include <png.h>
#include <webp/decode.h>
#include <webp/demux.h>
#include <webp/encode.h>
#include <webp/mux.h>
#include <zlib.h>

#include "CMedia.h"

#define TEXT_OF(value) #value
#define TEXT(macro) TEXT_OF(macro)

static cm_library library(const char *name, const char *built_for, const char *loaded) {
  cm_library made = {.name = name};
  snprintf(made.built_for, sizeof made.built_for, "%s", built_for);
  snprintf(made.loaded, sizeof made.loaded, "%s", loaded);
  return made;
}

// A version whose parts are bytes of a number.
static cm_library numbered(const char *name, int loaded) {
  cm_library made = {.name = name};
  snprintf(made.loaded, sizeof made.loaded, "%d.%d.%d", loaded >> 16, loaded >> 8 & 255,
           loaded & 255);
  return made;
}

// The version behind the library's name, as in "libarchive 3.6.2".
static const char *version_of(const char *text) {
  while (*text != 0 && *text++ != ' ') continue;
  return text;
}

void cm_libraries(cm_library libraries[CM_LIBRARY_COUNT]) {
  libraries[0] = library("libpng", PNG_LIBPNG_VER_STRING, png_get_libpng_ver(NULL));
#ifdef LIBJPEG_TURBO_VERSION
  libraries[1] = library("libjpeg-turbo", TEXT(LIBJPEG_TURBO_VERSION), "");
#else
  libraries[1] = library("libjpeg", TEXT(JPEG_LIB_VERSION), "");
#endif
  libraries[2] = numbered("libwebp", WebPGetDecoderVersion());
  libraries[3] = library("zlib", ZLIB_VERSION, zlibVersion());
  libraries[4] =
      library("libarchive", ARCHIVE_VERSION_ONLY_STRING, version_of(archive_version_string()));
}

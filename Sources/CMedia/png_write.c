// Writing PNG into memory. libpng reports errors by jumping; no jump leaves this file.
#include <png.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include "CMedia.h"

typedef struct {
  cm_buffer buffer;
  size_t capacity;
  png_structp png;
  png_infop info;
  png_textp texts;
  jmp_buf failure;
} writer;

static void fail(png_structp png, png_const_charp message) {
  (void)message;
  writer *self = png_get_error_ptr(png);
  longjmp(self->failure, 1);
}

static void ignore_warning(png_structp png, png_const_charp message) {
  (void)png;
  (void)message;
}

static void append(png_structp png, png_bytep bytes, size_t count) {
  writer *self = png_get_io_ptr(png);
  size_t needed = self->buffer.count + count;
  if (needed > self->capacity) {
    size_t capacity = needed + needed / 2;
    uint8_t *grown = realloc(self->buffer.bytes, capacity);
    if (!grown) png_error(png, "no memory");
    self->buffer.bytes = grown;
    self->capacity = capacity;
  }
  memcpy(self->buffer.bytes + self->buffer.count, bytes, count);
  self->buffer.count = needed;
}

static void flush(png_structp png) { (void)png; }

static void set_texts(writer *self, const cm_png_text *texts, size_t count) {
  if (count == 0) return;
  self->texts = calloc(count, sizeof *self->texts);
  if (!self->texts) png_error(self->png, "no memory");
  for (size_t i = 0; i < count; i++) {
    self->texts[i].compression =
        texts[i].is_latin1 ? PNG_TEXT_COMPRESSION_NONE : PNG_ITXT_COMPRESSION_NONE;
    self->texts[i].key = (png_charp)texts[i].key;
    self->texts[i].text = (png_charp)texts[i].text;
    self->texts[i].text_length = texts[i].length;
  }
  png_set_text(self->png, self->info, self->texts, (int)count);
}

static const int colour_types[] = {
    PNG_COLOR_TYPE_GRAY, PNG_COLOR_TYPE_GRAY_ALPHA, PNG_COLOR_TYPE_RGB, PNG_COLOR_TYPE_RGB_ALPHA};

static bool encode(
    writer *self, const cm_image *image, const cm_png_text *texts, size_t text_count, int level) {
  if (setjmp(self->failure)) return false;
  self->png = png_create_write_struct(PNG_LIBPNG_VER_STRING, self, fail, ignore_warning);
  if (self->png) self->info = png_create_info_struct(self->png);
  if (!self->info) return false;
  png_set_write_fn(self->png, self, append, flush);
  png_set_compression_level(self->png, level);
  png_set_IHDR(
      self->png, self->info, image->width, image->height, 8, colour_types[image->channels - 1],
      PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  set_texts(self, texts, text_count);
  png_write_info(self->png, self->info);
  size_t row_bytes = (size_t)image->width * image->channels;
  for (uint32_t y = 0; y < image->height; y++) {
    png_write_row(self->png, image->pixels + y * row_bytes);
  }
  png_write_end(self->png, NULL);
  return true;
}

bool cm_png_encode(
    const cm_image *image, const cm_png_text *texts, size_t text_count, int level, cm_buffer *out) {
  writer *self = calloc(1, sizeof *self);
  if (!self) return false;
  bool done = encode(self, image, texts, text_count, level);
  if (self->png) png_destroy_write_struct(&self->png, &self->info);
  free(self->texts);
  if (done) {
    *out = self->buffer;
  } else {
    free(self->buffer.bytes);
  }
  free(self);
  return done;
}

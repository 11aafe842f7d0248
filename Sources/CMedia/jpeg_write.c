// Writing JPEG into memory. libjpeg reports errors by jumping; no jump leaves this file.
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <jpeglib.h>
#include <jerror.h>

#include "CMedia.h"

typedef struct {
  struct jpeg_compress_struct jpeg;
  struct jpeg_error_mgr errors;
  struct jpeg_destination_mgr target;
  cm_buffer buffer;  // its count is what was taken; the target says how much of it is free
  jmp_buf failure;
} writer;

static void fail(j_common_ptr jpeg) {
  writer *self = jpeg->client_data;
  longjmp(self->failure, 1);
}

static void ignore_message(j_common_ptr jpeg, int level) {
  (void)jpeg;
  (void)level;
}

static void print_nothing(j_common_ptr jpeg) { (void)jpeg; }

// Makes the buffer larger and lets libjpeg fill the new part.
static void grow(j_compress_ptr jpeg) {
  writer *self = jpeg->client_data;
  size_t old = self->buffer.count, new = old ? old * 2 : 1 << 16;
  uint8_t *grown = realloc(self->buffer.bytes, new);
  if (!grown) ERREXIT1(jpeg, JERR_OUT_OF_MEMORY, 0);
  self->buffer = (cm_buffer){grown, new};
  self->target.next_output_byte = grown + old;
  self->target.free_in_buffer = new - old;
}

static boolean take_full_buffer(j_compress_ptr jpeg) {
  grow(jpeg);
  return TRUE;
}

static void finish(j_compress_ptr jpeg) {
  writer *self = jpeg->client_data;
  self->buffer.count -= self->target.free_in_buffer;
}

static void set_parameters(writer *self, const cm_image *image, int quality, bool full_colour) {
  j_compress_ptr jpeg = &self->jpeg;
  jpeg->image_width = image->width;
  jpeg->image_height = image->height;
  jpeg->input_components = (int)image->channels;
  jpeg->in_color_space = image->channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
  jpeg_set_defaults(jpeg);
  jpeg_set_quality(jpeg, quality, TRUE);
  int factor = full_colour || image->channels == 1 ? 1 : 2;
  jpeg->comp_info[0].h_samp_factor = factor;
  jpeg->comp_info[0].v_samp_factor = factor;
}

static bool encode(writer *self, const cm_image *image, int quality, bool full_colour) {
  if (setjmp(self->failure)) return false;
  j_compress_ptr jpeg = &self->jpeg;
  jpeg_create_compress(jpeg);
  self->target.init_destination = grow;
  self->target.empty_output_buffer = take_full_buffer;
  self->target.term_destination = finish;
  jpeg->dest = &self->target;
  set_parameters(self, image, quality, full_colour);
  jpeg_start_compress(jpeg, TRUE);
  size_t row_bytes = (size_t)image->width * image->channels;
  for (uint32_t y = 0; y < image->height; y++) {
    JSAMPROW row = (JSAMPROW)image->pixels + y * row_bytes;
    jpeg_write_scanlines(jpeg, &row, 1);
  }
  jpeg_finish_compress(jpeg);
  return true;
}

bool cm_jpeg_encode(const cm_image *image, int quality, bool full_colour, cm_buffer *out) {
  writer *self = calloc(1, sizeof *self);
  if (!self) return false;
  self->jpeg.err = jpeg_std_error(&self->errors);
  self->jpeg.client_data = self;
  self->errors.error_exit = fail;
  self->errors.emit_message = ignore_message;
  self->errors.output_message = print_nothing;
  bool done = encode(self, image, quality, full_colour);
  jpeg_destroy_compress(&self->jpeg);
  if (done) {
    *out = self->buffer;
  } else {
    free(self->buffer.bytes);
  }
  free(self);
  return done;
}

// Reading WebP from memory: still images, and the composed frames of animations.
#include <stdlib.h>
#include <webp/decode.h>
#include <webp/demux.h>

#include "CMedia.h"

// Bytes for each pixel that libwebp takes beside the output: lossless frames are decoded as a
// whole, and so is the transparency of others.
static uint64_t decoder_bytes(const WebPBitstreamFeatures *features) {
  uint64_t pixels = (uint64_t)features->width * (uint64_t)features->height;
  if (features->has_animation) return pixels * 12;  // the canvas, the one before, a frame
  if (features->format == 1) return features->has_alpha ? pixels * 5 : 0;
  return pixels * 4;
}

bool cm_webp_read_header(const uint8_t *bytes, size_t count, cm_webp_header *header) {
  WebPBitstreamFeatures features;
  if (WebPGetFeatures(bytes, count, &features) != VP8_STATUS_OK) return false;
  header->width = (uint32_t)features.width;
  header->height = (uint32_t)features.height;
  header->has_alpha = features.has_alpha;
  header->is_animated = features.has_animation;
  header->decoder_bytes = decoder_bytes(&features);
  return true;
}

bool cm_webp_decode(
    const uint8_t *bytes, size_t count, const cm_webp_header *header, uint8_t *pixels) {
  size_t row_bytes = (size_t)header->width * (header->has_alpha ? 4 : 3);
  size_t total = row_bytes * header->height;
  return header->has_alpha
      ? WebPDecodeRGBAInto(bytes, count, pixels, total, (int)row_bytes) != NULL
      : WebPDecodeRGBInto(bytes, count, pixels, total, (int)row_bytes) != NULL;
}

struct cm_webp_frames {
  WebPAnimDecoder *decoder;
};

cm_webp_frames *cm_webp_frames_new(const uint8_t *bytes, size_t count) {
  cm_webp_frames *frames = calloc(1, sizeof *frames);
  if (!frames) return NULL;
  WebPData data = {bytes, count};
  frames->decoder = WebPAnimDecoderNew(&data, NULL);
  if (!frames->decoder) {
    free(frames);
    return NULL;
  }
  return frames;
}

void cm_webp_frames_release(cm_webp_frames *frames) {
  if (!frames) return;
  WebPAnimDecoderDelete(frames->decoder);
  free(frames);
}

bool cm_webp_frames_next(
    cm_webp_frames *frames, const cm_webp_header *header, uint8_t *pixels) {
  WebPAnimInfo info;
  uint8_t *canvas;
  int end_ms;
  if (!WebPAnimDecoderGetInfo(frames->decoder, &info)) return false;
  if (info.canvas_width != header->width || info.canvas_height != header->height) return false;
  if (!WebPAnimDecoderGetNext(frames->decoder, &canvas, &end_ms)) return false;
  size_t channels = header->has_alpha ? 4 : 3;
  size_t total = (size_t)header->width * header->height;
  for (size_t i = 0; i < total; i++) {
    for (size_t c = 0; c < channels; c++) pixels[i * channels + c] = canvas[i * 4 + c];
  }
  return true;
}

// Writing WebP into memory: still images, and animations one frame at a time.
#include <stdlib.h>
#include <string.h>
#include <webp/encode.h>
#include <webp/mux.h>

#include "CMedia.h"

// Makes libwebp's settings and picture; the caller frees the picture.
static bool prepare(
    const cm_image *image, cm_webp_quality quality, WebPConfig *config, WebPPicture *picture) {
  memset(picture, 0, sizeof *picture);
  if (!WebPPictureInit(picture) || !WebPConfigInit(config)) return false;
  config->lossless = quality.lossless;
  config->exact = quality.lossless;
  config->quality = quality.quality;
  picture->use_argb = 1;
  picture->width = (int)image->width;
  picture->height = (int)image->height;
  int row_bytes = (int)(image->width * image->channels);
  return image->channels == 4 ? WebPPictureImportRGBA(picture, image->pixels, row_bytes)
                              : WebPPictureImportRGB(picture, image->pixels, row_bytes);
}

// Copies libwebp's memory, which only libwebp may free, into a buffer.
static bool copy(const uint8_t *bytes, size_t count, cm_buffer *out) {
  out->bytes = malloc(count);
  if (!out->bytes) return false;
  memcpy(out->bytes, bytes, count);
  out->count = count;
  return true;
}

bool cm_webp_encode(const cm_image *image, cm_webp_quality quality, cm_buffer *out) {
  WebPConfig config;
  WebPPicture picture;
  WebPMemoryWriter memory;
  WebPMemoryWriterInit(&memory);
  bool done = prepare(image, quality, &config, &picture);
  picture.writer = WebPMemoryWrite;
  picture.custom_ptr = &memory;
  done = done && WebPEncode(&config, &picture) && copy(memory.mem, memory.size, out);
  WebPMemoryWriterClear(&memory);
  WebPPictureFree(&picture);
  return done;
}

struct cm_webp_animation {
  WebPAnimEncoder *encoder;
};

cm_webp_animation *cm_webp_animation_new(uint32_t width, uint32_t height, int loop_count) {
  WebPAnimEncoderOptions options;
  if (!WebPAnimEncoderOptionsInit(&options)) return NULL;
  options.anim_params.loop_count = loop_count;
  cm_webp_animation *animation = calloc(1, sizeof *animation);
  if (!animation) return NULL;
  animation->encoder = WebPAnimEncoderNew((int)width, (int)height, &options);
  if (!animation->encoder) {
    free(animation);
    return NULL;
  }
  return animation;
}

void cm_webp_animation_release(cm_webp_animation *animation) {
  if (!animation) return;
  WebPAnimEncoderDelete(animation->encoder);
  free(animation);
}

bool cm_webp_animation_add(
    cm_webp_animation *animation, const cm_image *image, int start_ms, cm_webp_quality quality) {
  WebPConfig config;
  WebPPicture picture;
  bool done = prepare(image, quality, &config, &picture)
      && WebPAnimEncoderAdd(animation->encoder, &picture, start_ms, &config);
  WebPPictureFree(&picture);
  return done;
}

bool cm_webp_animation_finish(cm_webp_animation *animation, int end_ms, cm_buffer *out) {
  WebPData data;
  WebPDataInit(&data);
  bool done = WebPAnimEncoderAdd(animation->encoder, NULL, end_ms, NULL)
      && WebPAnimEncoderAssemble(animation->encoder, &data) && copy(data.bytes, data.size, out);
  WebPDataClear(&data);
  return done;
}

const char *cm_webp_animation_message(const cm_webp_animation *animation) {
  return WebPAnimEncoderGetError(animation->encoder);
}

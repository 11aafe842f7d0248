// libpng and libwebp behind narrow functions with limits.
#ifndef CMEDIA_H
#define CMEDIA_H
#endif

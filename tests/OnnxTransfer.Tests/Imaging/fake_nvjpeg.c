/* Stands for libnvjpeg and libcudart where there is no GPU: checks every argument it is given, and "decodes" a JPEG into
   pixels of which each byte is row + column + channel. A byte behind the end marker is the status to return. */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

typedef struct { unsigned char *channel[4]; size_t pitch[4]; } image;

static int state_there, stream_there;

int nvjpegGetProperty(int which, int *value) { *value = which == 0 ? 12 : which == 1 ? 4 : 7; return 0; }

int nvjpegCreateEx(int backend, void *device, void *pinned, unsigned flags, void **handle) {
    *handle = (void *)0x11;
    return backend == 0 && !device && !pinned && flags == 32 ? 0 : 2;
}

int nvjpegJpegStateCreate(void *handle, void **state) {
    state_there++;
    *state = (void *)0x22;
    return handle == (void *)0x11 ? 0 : 2;
}

int nvjpegJpegStateDestroy(void *state) { state_there--; return state == (void *)0x22 ? 0 : 2; }

int nvjpegDecode(void *handle, void *state, const unsigned char *data, size_t length, int format, image *target, void *stream) {
    if (handle != (void *)0x11 || state != (void *)0x22 || stream != (void *)0x33 || format != 5) return 2;
    if (data[length - 2] != 0xFF || data[length - 1] != 0xD9) return data[length - 1];
    size_t at = 2;
    while (data[at + 1] < 0xC0 || data[at + 1] > 0xC2) at += 2 + data[at + 2] * 256 + data[at + 3];
    size_t height = data[at + 5] * 256 + data[at + 6], width = data[at + 7] * 256 + data[at + 8];
    if (target->pitch[0] != 3 * width || target->channel[1]) return 2;
    for (size_t y = 0; y < height; y++)
        for (size_t x = 0; x < 3 * width; x++)
            target->channel[0][y * target->pitch[0] + x] = (unsigned char)(y + x / 3 + x % 3);
    return 0;
}

int cudaMalloc(void **device, size_t bytes) { *device = malloc(bytes); return 0; }
int cudaFree(void *device) { free(device); return 0; }
int cudaMemcpyAsync(void *to, const void *from, size_t bytes, int kind, void *stream) {
    if (kind != 2 || stream != (void *)0x33) return 1;
    memcpy(to, from, bytes);
    return 0;
}
int cudaStreamCreateWithFlags(void **stream, unsigned flags) { stream_there++; *stream = (void *)0x33; return flags == 1 ? 0 : 1; }
int cudaStreamSynchronize(void *stream) { return stream == (void *)0x33 ? 0 : 1; }
int cudaStreamDestroy(void *stream) { stream_there--; return stream == (void *)0x33 ? 0 : 1; }
const char *cudaGetErrorString(int code) { return code == 1 ? "invalid argument" : "another error"; }
int fakeLeft(void) { return state_there * 100 + stream_there; }
